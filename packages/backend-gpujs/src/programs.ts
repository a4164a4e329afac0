import type { Accelerator } from "./accelerator.ts";
import { GpuError } from "./faults.ts";
import type { DeviceArray, GpuJs, Kernel, KernelAnswer, KernelArgument } from "./gpu-js.ts";

type Eventual<T> = T | Promise<T>;

/**
 * The compiled kernels. A source is the key: sizes are arguments, and one kernel serves every length of the output. A kernel keeps its last output alive, so those that were used least recently are destroyed.
 */
export interface Programs {
  /** The kernel of that source on the device, `length` elements of it. */
  run(source: string, values: KernelArguments, length: number): Eventual<DeviceArray>;
  /** Host numbers on the device. */
  upload(data: Float32Array): Eventual<DeviceArray>;
  /** The same on the host; it does not block. The next call may be made once this one is `submitted`. */
  readBack(source: string, values: KernelArguments, length: number): Reading;
  destroy(): void;
}

/** What a kernel is called with, in this order. */
interface KernelArguments {
  readonly arrays?: readonly DeviceArray[];
  /** Integers. */
  readonly sizes?: readonly number[] | undefined;
  readonly numbers?: readonly number[] | undefined;
}

/** A read under way. */
export interface Reading {
  readonly submitted: Promise<unknown> | undefined;
  readonly arrival: Promise<Float32Array>;
}

interface Program {
  readonly key: string;
  readonly kernel: Kernel;
  /** Of the last output, which it keeps alive. */
  length: number;
  last: DeviceArray | undefined;
  /** How many of its reads have not arrived. */
  reading: number;
  /** Whether it has been compiled and looked at. */
  ready: boolean;
}

const MOST_PROGRAMS = 512;
/** Elements that idle programs may keep alive: 256 MiB. */
const MOST_KEPT = 2 ** 26;
/** A transfer as long as this is rare and slow, and what its program would keep is large: it gets a program of its own. */
const LONG_TRANSFER = 2 ** 22;

// A kernel keeps the kind of its arguments, so what uploads host numbers is a kernel of its own.
const uploadSource = "function (host) { return host[this.thread.x]; }";

const typesOf = ({ arrays = [], sizes = [], numbers = [] }: KernelArguments): string[] => [
  ...arrays.map(({ type }) => type ?? "Array"),
  ...sizes.map(() => "Integer"),
  ...numbers.map(() => "Float"),
];

const flat = ({ arrays = [], sizes = [], numbers = [] }: KernelArguments): KernelArgument[] => [
  ...arrays,
  ...sizes,
  ...numbers,
];

export function makePrograms(gpuJs: GpuJs, accelerator: Accelerator): Programs {
  const { gpu, kernelClass, mode } = accelerator;
  // In the order of their last use.
  const programs = new Map<string, Program>();
  let kept = 0;

  function find(kind: "run" | "upload" | "readBack", source: string, types: readonly string[]): Program {
    const key = `${kind} ${source}`;
    const found = programs.get(key);
    if (found) {
      programs.delete(key);
      programs.set(key, found);
      return found;
    }
    const kernel = gpu.createKernel(source, {
      argumentTypes: types,
      output: [1],
      pipeline: kind !== "readBack",
      immutable: kind !== "readBack",
      precision: "single",
      tactic: "precision",
      asyncMode: kind === "readBack",
      dynamicOutput: true,
      // A WebGL kernel bakes the size of its first arguments in, and reads another size wrongly without a word.
      dynamicArguments: true,
      // It would take whole numbers through int, which has no 1e30. Indices are put right where they are divided.
      fixIntegerDivisionAccuracy: false,
    });
    requireClass(kernel);
    const program = { key, kernel, length: 0, last: undefined, reading: 0, ready: false };
    programs.set(key, program);
    return program;
  }

  function requireClass(kernel: Kernel): void {
    const made = kernel.kernel.constructor;
    if (made === kernelClass) return;
    throw new GpuError(`gpu.js: a kernel for ${mode} became a ${(made as { name?: string }).name}`);
  }

  function discard(program: Program): void {
    if (!programs.delete(program.key)) return;
    kept -= program.length;
    program.kernel.destroy();
  }

  /** Destroys the programs that were used least recently, but not the one in use. */
  function evict(inUse: Program): void {
    for (const program of programs.values()) {
      if (programs.size <= MOST_PROGRAMS && kept <= MOST_KEPT) return;
      if (program !== inUse && program.reading === 0) discard(program);
    }
  }

  /** Gives the kernel an output of that length. */
  function resize(program: Program, length: number): void {
    program.kernel.setOutput([length]);
    kept += length - program.length;
    program.length = length;
    evict(program);
  }

  function call(program: Program, values: readonly KernelArgument[], length: number): Eventual<KernelAnswer> {
    const fail = (error: unknown): never => {
      // What could not be compiled must not be called again as if it were.
      discard(program);
      throw error;
    };
    const take = (answer: KernelAnswer): KernelAnswer => {
      requireClass(program.kernel);
      if (!program.ready) accelerator.requireCompiled(program.kernel);
      program.ready = true;
      if (!(answer instanceof Float32Array)) program.last = answer;
      return answer;
    };
    try {
      // A WebGL kernel that reads its own last output takes the one before for its next, however long that is: it is given a
      // fresh one.
      if (program.length !== length || values.some((value) => value === program.last)) resize(program, length);
      const answer = program.kernel(...values);
      return answer instanceof Promise ? answer.then(take).catch(fail) : take(answer);
    } catch (error) {
      return fail(error);
    }
  }

  return {
    run: (source, values, length) =>
      call(find("run", source, typesOf(values)), flat(values), length) as Eventual<DeviceArray>,
    upload(data) {
      const program = find("upload", uploadSource, ["Input"]);
      const answer = call(program, [gpuJs.input(data, [data.length])], data.length) as Eventual<DeviceArray>;
      if (data.length < LONG_TRANSFER) return answer;
      if (!(answer instanceof Promise)) {
        discard(program);
        return answer;
      }
      return answer.then((array) => {
        discard(program);
        return array;
      });
    },
    readBack(source, values, length) {
      if (accelerator.read) {
        const array = call(find("run", source, typesOf(values)), flat(values), length) as DeviceArray;
        const arrival = accelerator.read(array, length);
        accelerator.delete(array);
        return { submitted: undefined, arrival };
      }
      const program = find("readBack", source, typesOf(values));
      program.reading += 1;
      const settle = (): void => {
        program.reading -= 1;
        if (length >= LONG_TRANSFER && program.reading === 0) discard(program);
      };
      // The length belongs to the kernel: until it has been compiled, another call would change it under this one.
      const isSubmitted = program.ready || mode !== "webgpu";
      const answer = Promise.resolve(call(program, flat(values), length)) as Promise<Float32Array>;
      const arrival = answer.finally(settle);
      return { submitted: isSubmitted ? undefined : arrival, arrival };
    },
    destroy() {
      for (const program of programs.values()) discard(program);
    },
  };
}
