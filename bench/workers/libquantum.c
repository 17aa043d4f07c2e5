/* One case on libquantum: `libquantum CASE QUBITS` prints the milliseconds of the gates. */
#include <math.h>
#include <quantum.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int n = atoi(argv[2]);
  quantum_reg reg = quantum_new_qureg(0, n);
  double start = now_ms();
  if (strcmp(argv[1], "walls") == 0) {
    for (int q = 0; q < n; q++) quantum_hadamard(q, &reg);
    for (int q = 0; q + 1 < n; q++) quantum_cnot(q, q + 1, &reg);
    for (int q = 0; q < n; q++) quantum_phase_kick(q, M_PI / 4, &reg);
    for (int q = 0; q < n; q++) quantum_hadamard(q, &reg);
  } else {
    for (int q = 0; q < n; q += 2) quantum_sigma_x(q, &reg);
    for (int t = n - 1; t >= 0; t--) {
      quantum_hadamard(t, &reg);
      for (int k = t - 1; k >= 0; k--) quantum_cond_phase_kick(k, t, M_PI / (1 << (t - k)), &reg);
    }
  }
  printf("%.3f\n", now_ms() - start);
  return 0;
}
