import { subjects } from "./subjects.ts";
import { lossCurve, type Size, type TargetKind, targetKinds } from "./training-curve.ts";

/** Trains on the backend that the address names, with each kind of targets; the losses stand in `globalThis.outcome`. */
async function curves(address: URLSearchParams): Promise<Record<string, readonly number[]>> {
  const subject = subjects[address.get("subject") as keyof typeof subjects];
  const found: Partial<Record<TargetKind, readonly number[]>> = {};
  for (const kind of targetKinds) found[kind] = await lossCurve(subject.create(), kind, address.get("size") as Size);
  return found;
}

Object.assign(globalThis, { outcome: curves(new URLSearchParams(location.search)) });
