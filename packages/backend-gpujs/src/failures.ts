import { DeviceLostError, errorOf } from "./faults.ts";

/** A failure, and whether a read has told it to anyone. */
export interface Failure {
  readonly error: Error;
  reported: boolean;
}

/** What has gone wrong on a device. */
export interface Failures {
  /** That the device is lost, once it is: then everything fails. */
  readonly lost: Failure | undefined;
  add(cause: unknown): Failure;
  lose(reason: string): void;
  /** The first that no read has told. */
  untold(): Failure | undefined;
}

/** @param onLost called once, when the device is lost */
export function makeFailures(onError: (error: Error) => void, onLost: (lost: Failure) => void): Failures {
  const failures: Failure[] = [];
  let lost: Failure | undefined;

  function add(cause: unknown): Failure {
    const failure = { error: errorOf(cause), reported: false };
    failures.push(failure);
    onError(failure.error);
    return failure;
  }

  return {
    get lost() {
      return lost;
    },
    add,
    lose(reason) {
      if (lost) return;
      lost = add(new DeviceLostError(reason));
      onLost(lost);
    },
    untold: () => failures.find(({ reported }) => !reported),
  };
}
