// The state of one qubit goes to another that it never met, by way of two bits.
OPENQASM 3.0;
include "stdgates.inc";

qubit message;
qubit[2] pair;
bit sent_z;
bit sent_x;
bit arrived;

// What is sent: a probability of sin²(0.6) to be read as 1.
ry(1.2) message;

h pair[0];
cx pair[0], pair[1];

cx message, pair[0];
h message;
sent_z = measure message;
sent_x = measure pair[0];

if (sent_x == 1) {
  x pair[1];
}
if (sent_z == 1) {
  z pair[1];
}
arrived = measure pair[1];
