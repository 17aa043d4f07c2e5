// Five qubits, all 0 and all 1 at once.
OPENQASM 3.0;
include "stdgates.inc";

const int n = 5;
qubit[n] q;

h q[0];
for int i in [1:n - 1] {
  cx q[i - 1], q[i];
}
