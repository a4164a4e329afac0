import { expNegative, tanh } from "../functions.ts";
import { LARGEST, type LossStructure } from "./structure.ts";

/** Declares `name` = z′, the logit under temperature and cap; infinities and NaN pass. */
export function scaled(name: string, z: string, { scaling }: LossStructure): string {
  if (scaling === "none") return `const ${name} = ${z};`;
  if (scaling === "temperature") return `const ${name} = t * ${z};`;
  return `
    const ${name}Z = ${z};
    const ${name}X = t * ${name}Z / cap;
    ${tanh(`${name}T`, `${name}X`)}
    let ${name} = cap * ${name}T;
    if (Math.abs(${name}Z) > ${LARGEST}) ${name} = ${name}Z;`;
}

/** What logits are subtracted from: z_k, or z′_k where there is a cap. `top` is z_k. */
export const reference = (name: string, top: string, structure: LossStructure): string =>
  structure.scaling === "softcap" ? scaled(name, top, structure) : `const ${name} = ${top};`;

/** Declares `name` = m − z′, ≥ 0: the difference first, so that a large common offset costs nothing. */
export function below(name: string, from: string, z: string, structure: LossStructure): string {
  if (structure.scaling === "none") return `const ${name} = ${from} - ${z};`;
  if (structure.scaling === "temperature") return `const ${name} = t * (${from} - ${z});`;
  return `${scaled(`${name}S`, z, structure)} const ${name} = ${from} - ${name}S;`;
}

/** Declares `name` = ∂z′/∂z; nothing where it is 1. */
export function slope(name: string, z: string, { scaling }: LossStructure): string {
  if (scaling === "none") return "";
  if (scaling === "temperature") return `const ${name} = t;`;
  return `${expNegative(`${name}E`, `-2 * Math.abs(t * ${z} / cap)`)}
    const ${name} = t * 4 * ${name}E / ((1 + ${name}E) * (1 + ${name}E));`;
}
