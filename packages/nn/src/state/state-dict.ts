import { assign, type HostTensor, type Parameter, ShapeError, tensorsOf, ValueError } from "@surprisal/core";
import { sameShape } from "../layers/same-shape.ts";
import { parametersOf } from "../optimizers/parameters.ts";

/** Parameters as host numbers, by name: what is saved. */
export type StateDict = Readonly<Record<string, StateTensor>>;

/** One parameter's numbers, flat, with their shape. */
export interface StateTensor extends HostTensor {
  readonly data: Float32Array | Float64Array;
}

/**
 * A copy of parameters as they are now, by name: those of a model (`"0.w"`), or any structure of parameters, with a dot at
 * each step down (`"layers.0.w"`).
 *
 * ```js
 * const bytes = encodeSafetensors(await stateDict(model.parameters));
 * ```
 */
export async function stateDict(params: object): Promise<StateDict> {
  const named = namedParameters("stateDict", params);
  const data = await Promise.all(named.map(([, parameter]) => parameter.data()));
  return Object.fromEntries(named.map(([name, { shape }], i) => [name, { shape, data: data[i]! }]));
}

/**
 * Writes saved numbers into parameters, in place. All names, shapes and numbers are checked before any is written.
 * @throws ValueError that names what is missing, unexpected or no tensor, ShapeError that names each that does not fit
 */
export function loadStateDict(params: object, state: Readonly<Record<string, HostTensor>>): void {
  const op = "loadStateDict";
  if (typeof state !== "object" || state === null) {
    throw new ValueError(`${op}: the state is a record of { data, shape } by name, not ${String(state)}`);
  }
  const named = namedParameters(op, params);
  const names = new Set(named.map(([name]) => name));
  const missing = [...names].filter((name) => !Object.hasOwn(state, name));
  const unexpected = Object.keys(state).filter((name) => !names.has(name));
  if (missing.length + unexpected.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`missing ${missing.join(", ")}`] : []),
      ...(unexpected.length > 0 ? [`unexpected ${unexpected.join(", ")}`] : []),
    ];
    throw new ValueError(`${op}: the names do not fit: ${parts.join("; ")}; they are saved from another model`);
  }
  for (const name of names) checkSaved(op, name, state[name]);
  const wrong = named.filter(([name, { shape }]) => !sameShape(state[name]!.shape, shape));
  if (wrong.length > 0) {
    const parts = wrong.map(
      ([name, { shape }]) => `${name} is [${shape.join(", ")}], saved [${state[name]!.shape.join(", ")}]`,
    );
    throw new ShapeError(`${op}: the shapes do not fit: ${parts.join("; ")}`);
  }
  for (const [name, parameter] of named) assign(parameter, state[name]!);
}

/** Refuses what cannot be written into a parameter: no host tensor, too many or too few numbers, or no numbers. */
function checkSaved(op: string, name: string, saved: HostTensor | null | undefined): void {
  const { shape, data } = saved ?? {};
  const length = (data as ArrayLike<number> | undefined)?.length;
  if (!Array.isArray(shape) || typeof data !== "object" || typeof length !== "number") {
    throw new ValueError(`${op}: ${name} is no saved tensor: one is { data, shape } with flat numbers`);
  }
  const size = shape.reduce((product: number, axis: number) => product * axis, 1);
  if (length !== size) {
    throw new ShapeError(`${op}: ${name} [${shape.join(", ")}] holds ${size} numbers, and ${length} are given`);
  }
  const bad =
    data instanceof Float32Array || data instanceof Float64Array
      ? -1
      : Array.from(data).findIndex((value) => typeof value !== "number");
  if (bad >= 0) throw new ValueError(`${op}: ${name} holds ${String(data[bad])} at ${bad}, which is no number`);
}

/** Parameters with their names: the keys on the way to each, joined by dots. */
function namedParameters(op: string, params: object): (readonly [string, Parameter])[] {
  const parameters = parametersOf(op, params);
  const names: string[] = [];
  const visit = (item: object, path: string): void => {
    const [first, ...rest] = tensorsOf(op, item);
    if (rest.length === 0 && Object.is(first, item)) names.push(path);
    else for (const [key, child] of Object.entries(item)) visit(child as object, path === "" ? key : `${path}.${key}`);
  };
  visit(params, "");
  return names.map((name, i) => [name, parameters[i]!]);
}
