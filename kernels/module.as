// What the module exports: nothing is imported but the memory.
import { pauli, weights } from "./measure";
import { runStage } from "./stage";
import { touchParts } from "./touch";

export function stage64(stage: usize, from: u32, to: u32, room: usize): void {
  runStage<f64>(stage, from, to, room);
}

export function stage32(stage: usize, from: u32, to: u32, room: usize): void {
  runStage<f32>(stage, from, to, room);
}

export function weights64(job: usize, from: u32, to: u32, _room: usize): void {
  weights<f64>(job, from, to);
}

export function weights32(job: usize, from: u32, to: u32, _room: usize): void {
  weights<f32>(job, from, to);
}

export function pauli64(job: usize, from: u32, to: u32, _room: usize): void {
  pauli<f64>(job, from, to);
}

export function pauli32(job: usize, from: u32, to: u32, _room: usize): void {
  pauli<f32>(job, from, to);
}

export function touch(job: usize, from: u32, to: u32, _room: usize): void {
  touchParts(job, from, to);
}
