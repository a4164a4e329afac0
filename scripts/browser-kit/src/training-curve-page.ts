import { subjects } from "./subjects.ts";
import { lossCurve, type Size, type TargetKind } from "./training-curve.ts";

/** Trains on the backend and the targets that the address names; the losses stand in `globalThis.outcome` as a promise. */
const address = new URLSearchParams(location.search);
const subject = subjects[address.get("subject") as keyof typeof subjects];
Object.assign(globalThis, {
  outcome: lossCurve(subject.create(), address.get("targets") as TargetKind, address.get("size") as Size),
});
