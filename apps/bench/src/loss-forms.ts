import { randomNumbers } from "@surprisal/conformance";
import type { LossTerms, SoftmaxCrossEntropyParams } from "@surprisal/core";
import { type Effort, interleave } from "./interleave.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import { openBackend, type Variant } from "./subject.ts";

/** What the forms of the loss cost beside the plain one, which is loss and gradient by labels. */
export interface LossForms {
  readonly variant: Variant;
  readonly shapes: readonly string[];
  /** Nanoseconds a logit of the plain form, by shape. */
  readonly plain: readonly number[];
  /** Times as multiples of the plain one's, by shape. */
  readonly forms: readonly { readonly name: string; readonly multiples: readonly Spread[] }[];
}

interface Form {
  readonly forward?: boolean;
  readonly state?: boolean;
  readonly probabilities?: boolean;
  readonly smoothing?: number;
  readonly terms?: Partial<LossTerms>;
}

const forms: Readonly<Record<string, Form>> = {
  "loss alone": { forward: true },
  "with row states": { state: true },
  "temperature 2": { terms: { inverseTemperature: 0.5 } },
  "z-loss": { terms: { zLoss: 1e-4 } },
  "focal and poly": { terms: { focal: 2, poly: 1 } },
  "soft cap": { terms: { softcap: 30 } },
  "label smoothing": { smoothing: 0.1 },
  probabilities: { probabilities: true },
  "probabilities, temperature 2": { probabilities: true, terms: { inverseTemperature: 0.5 } },
};

const neutral: LossTerms = { inverseTemperature: 1, softcap: 0, zLoss: 0, focal: 0, poly: 0 };

/** Times every form of the kernel at each shape [rows x classes], in turns. */
export async function timeLossForms(variant: Variant, shapes: readonly string[], effort: Effort): Promise<LossForms> {
  const names = Object.keys(forms);
  const plain: number[] = [];
  const multiples: Spread[][] = names.map(() => []);
  for (const shape of shapes) {
    const [rows, classes] = shape.split("x").map(Number) as [number, number];
    const backend = await openBackend(variant);
    const random = randomNumbers("loss-forms", shape);
    const length = rows * classes;
    const uploaded = (kind: "float" | "i32", data: ArrayLike<number>) => {
      const handle = backend.alloc(kind, data.length);
      backend.write(handle, data);
      return handle;
    };
    const room = (length: number) => backend.alloc("float", length);
    const logits = uploaded(
      "float",
      Float32Array.from({ length }, () => 3 * random.normal()),
    );
    const labels = uploaded(
      "i32",
      Int32Array.from({ length: rows }, () => random.integer(classes)),
    );
    const probabilities = uploaded(
      "float",
      Float32Array.from({ length }, () => (2 * random.uniform()) / classes),
    );
    const [rowLoss, gradient, states] = [room(rows), room(length), room(3 * rows)];
    const runs = [{}, ...Object.values(forms)].map((form: Form) => {
      const outputs = {
        rowLoss,
        gradient: form.forward ? undefined : gradient,
        state: form.state ? states : undefined,
      };
      const inputs = form.probabilities ? { logits, probabilities } : { logits, labels };
      const params: SoftmaxCrossEntropyParams = {
        rows,
        classes,
        inner: 1,
        smoothing: form.smoothing ?? 0,
        scale: 1 / rows,
        terms: form.terms && { ...neutral, ...form.terms },
      };
      return () => backend.kernels.softmaxCrossEntropy(outputs, inputs, params);
    });
    const [first, ...others] = await interleave(runs, effort);
    plain.push((spread(first!).median * 1e6) / length);
    for (const [i, other] of others.entries()) multiples[i]!.push(ratios(other, first!));
    await backend.close();
  }
  return { variant, shapes, plain, forms: names.map((name, i) => ({ name, multiples: multiples[i]! })) };
}
