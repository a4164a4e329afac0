import type { Mutant } from "./mutants.ts";

/** Why a mutant computes what the right code does, wherever that can be seen. */
interface Argument extends Pick<Mutant, "file" | "at" | "original" | "replacement"> {
  /** 0 if absent. */
  readonly nth?: number;
  readonly why: string;
}

const of = (file: string, list: readonly Omit<Argument, "file">[]): readonly Argument[] =>
  list.map((one) => ({ file, ...one }));

const behindTheEnd = "one turn more writes behind the end of a typed array, which ignores it";
const emptyBlock = "one turn more sums an empty block and adds its 0";
const onlySaves = "the branch only saves work: without it the same is computed, and nobody asked for it";
const noDrift = "a temperature on the device comes with terms, so that nobody asks unscaled logits for their drift";
const oneCopied = "one piece put together, or all of a tensor cut out, is a copy of it";
const samePlaces = "a permutation that leaves every axis in its place";
const neverPulled = "the inputs have no gradient, so nobody asks for it";
const derivedToo =
  "another legal way: what core derives without the kernel is the same loss, which is a law of its own";
const computedAgain =
  "the gradients are not finished ahead but computed from the kept states: the same, at the price of a pass";
const nameOfNoError = "the name is for an error of an operand that was freed, and these are alive";
const absentIsUndefined = "a property that is absent reads as undefined";

const argued: readonly Argument[] = [
  ...of("packages/backend-cpu/src/plain/block-sums.ts", [
    {
      at: "for (let start = 0; start < count; start += blockLength) {",
      original: "start < count",
      replacement: "start <= count",
      why: emptyBlock,
    },
    {
      at: "for (let from = start; from < end; from += RUN) {",
      original: "from < end",
      replacement: "from <= end",
      why: emptyBlock,
    },
    {
      at: "for (let i = 0; i < width; i++) block[i]! += run[i]!;",
      original: "i < width",
      replacement: "i <= width",
      why: behindTheEnd,
    },
    {
      at: "for (let i = 0; i < width; i++) total[i]! += block[i]!;",
      original: "i < width",
      replacement: "i <= width",
      why: behindTheEnd,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/elementwise.ts", [
    { at: "for (let o = 0; o < outer; o++) {", original: "o < outer", replacement: "o <= outer", why: behindTheEnd },
    {
      at: "for (let i = 0; i < length; i++) y[i] = condition[i] !== 0 ? a[i]! : b[i]!;",
      original: "i < length",
      replacement: "i <= length",
      why: behindTheEnd,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/matrix-product.ts", [
    {
      at: "for (let j = 0; j < n; j += 4) {",
      original: "j < n",
      replacement: "j <= n",
      why: "one turn more has width 0 and writes nothing",
    },
    {
      at: "for (let p = 0; p < k; p++) columns[4 * p + t] = b[from + p * bInner]!;",
      original: "p < k",
      replacement: "p <= k",
      why: behindTheEnd,
    },
    {
      at: "for (let start = 0; start < k; start += ROW_BLOCK) {",
      original: "start < k",
      replacement: "start <= k",
      why: emptyBlock,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/rearrange.ts", [
    {
      at: "else if (background !== y) y.set(background);",
      original: "background !== y",
      replacement: "true",
      why: "y.set(y) copies y onto itself",
    },
  ]),
  ...of("packages/backend-cpu/src/plain/reduce.ts", [
    { at: "for (let i = 0; i < inner; i++) {", original: "i < inner", replacement: "i <= inner", why: behindTheEnd },
    {
      at: "for (let o = 0; o < outer; o++) {",
      nth: 1,
      original: "o < outer",
      replacement: "o <= outer",
      why: behindTheEnd,
    },
    {
      at: "for (let i = 0; i < inner; i++) {",
      nth: 1,
      original: "i < inner",
      replacement: "i <= inner",
      why: behindTheEnd,
    },
    {
      at: 'for (let i = 0; i < inner; i++) y[o * inner + i] = fn === "argmax" ? index[i]! : sign * best[i]!;',
      original: "i < inner",
      replacement: "i <= inner",
      why: "the first number of the next row is written again by its own turn, and behind the last row y ends",
    },
  ]),
  ...of("packages/backend-cpu/src/plain/rows.ts", [
    {
      at: "for (let row = 0; row < rows; row++) {",
      original: "row < rows",
      replacement: "row <= rows",
      why: behindTheEnd,
    },
    {
      at: "for (let c = 0; c < cols; c++) y[row * cols + c] = table[from + c]!;",
      original: "c < cols",
      replacement: "c <= cols",
      why: "the first number of the next row is written again by its own turn, and behind the last row y ends",
    },
    {
      at: "for (let c = 0; c < cols; c++) block[c]! += values[from + c]!;",
      original: "c < cols",
      replacement: "c <= cols",
      why: behindTheEnd,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/loss-diagnostics.ts", [
    {
      at: "if (z > own || (z === own && j < y)) rank++;",
      original: "j < y",
      replacement: "j <= y",
      why: "j = y was passed over two lines before",
    },
  ]),
  ...of("packages/backend-cpu/src/plain/softmax-cross-entropy.ts", [
    {
      at: "if (!rowLoss && !gradient && !diagnostics && !temperatureSlope) continue;",
      original: "!rowLoss && !gradient && !diagnostics && !temperatureSlope",
      replacement: "false",
      why: onlySaves,
    },
    {
      at: "if (!gradient && !temperatureSlope) continue;",
      original: "!gradient && !temperatureSlope",
      replacement: "false",
      why: onlySaves,
    },
  ]),
  ...of("packages/backend-cpu/src/plain/special-functions.ts", [
    {
      at: "if (Math.abs(x) < 1) return 0.5 + centre(x);",
      original: "Math.abs(x) < 1",
      replacement: "Math.abs(x) <= 1",
      why: "at ±1 the series and the integral are both right to the last digits",
    },
    {
      at: "return x < 0 ? tail(-x) : 1 - tail(x);",
      original: "x < 0",
      replacement: "x <= 0",
      why: "x is not 0 here: |x| ≥ 1",
    },
    {
      at: "for (let odd = 3; sum + term !== sum; odd += 2) {",
      original: "sum + term",
      replacement: "sum - term",
      why: "both stop once the term is below what changes the sum, at a power of two one term apart, which is below half an ulp",
    },
    { at: "if (x > 40) return 0;", original: "x > 40", replacement: "x >= 40", why: "at 40 the density is 0 already" },
    {
      at: "const residue = z < Math.PI / H ? 1 / (1 - Math.exp((2 * Math.PI * z) / H)) : 0;",
      original: "z < Math.PI / H",
      replacement: "z <= Math.PI / H",
      why: "no x has z = 2π",
    },
  ]),
  ...of("packages/core/src/loss/chunked-gradients.ts", [
    {
      at: "const inputs = tensors.slice(0, -1);",
      original: "tensors.slice(0, -1)",
      replacement: "tensors",
      why: "the cotangent behind the inputs is not read as one",
    },
    { at: "if (by.length === 0) return result;", original: "by.length === 0", replacement: "false", why: onlySaves },
    {
      at: "result[i] = pieces[i]!.length === 1 ? pieces[i]![0]! : concat(pieces[i]!);",
      original: "pieces[i]!.length === 1",
      replacement: "false",
      why: oneCopied,
    },
  ]),
  ...of("packages/core/src/loss/class-axis.ts", [
    {
      at: "return axis === x.rank - 1 ? x : transpose(x, orderOf(x.rank, axis));",
      original: "axis === x.rank - 1",
      replacement: "false",
      why: samePlaces,
    },
    {
      at: "return axis === x.rank - 1 ? x : transpose(x, orderOf(x.rank, axis));",
      original: "x.rank - 1",
      replacement: "x.rank + 1",
      why: samePlaces,
    },
    {
      at: "if (axis === x.rank - 1) return x;",
      original: "axis === x.rank - 1",
      replacement: "false",
      why: samePlaces,
    },
    { at: "if (axis === x.rank - 1) return x;", original: "x.rank - 1", replacement: "x.rank + 1", why: samePlaces },
  ]),
  ...of("packages/core/src/loss/without-gradient.ts", [
    { at: "() => [],", original: "() => []", replacement: "() => undefined", why: neverPulled },
    { at: "() => [],", original: "[]", replacement: '["Stryker was here"]', why: neverPulled },
  ]),
  ...of("packages/core/src/loss/state-losses.ts", [
    { at: "() => [],", original: "() => []", replacement: "() => undefined", why: neverPulled },
    { at: "() => [],", original: "[]", replacement: '["Stryker was here"]', why: neverPulled },
  ]),
  ...of("packages/core/src/loss/cross-entropy-rows.ts", [
    {
      at: 'if (typeof mass !== "number") product = mul(product, mass);',
      original: 'typeof mass !== "number"',
      replacement: "true",
      why: "a mass that is a number is 1, and 1 times the product is the product",
    },
    {
      at: 'if (typeof mass !== "number") product = mul(product, mass);',
      original: '"number"',
      replacement: '""',
      why: "a mass that is a number is 1, and 1 times the product is the product",
    },
    {
      at: 'return scaled(classesBack(product, axis), typeof mass === "number" ? scale * mass : scale);',
      original: 'typeof mass === "number"',
      replacement: "false",
      why: "a mass that is a number is 1",
    },
    {
      at: 'return scaled(classesBack(product, axis), typeof mass === "number" ? scale * mass : scale);',
      original: '"number"',
      replacement: '""',
      why: "a mass that is a number is 1",
    },
    {
      at: 'return scaled(classesBack(product, axis), typeof mass === "number" ? scale * mass : scale);',
      original: "scale * mass",
      replacement: "scale / mass",
      why: "a mass that is a number is 1",
    },
    {
      at: "if (classWeights === undefined && marks === undefined) return 1;",
      original: "classWeights === undefined && marks === undefined",
      replacement: "false",
      why: "every mass is then computed, as 1",
    },
    {
      at: "if (classWeights === undefined && marks === undefined) return 1;",
      original: "marks === undefined",
      replacement: "true",
      why: "rows that are not read are taken out of the product at the end",
    },
    {
      at: "if (classWeights === undefined && marks === undefined) return 1;",
      original: "marks === undefined",
      replacement: "marks !== undefined",
      why: "rows that are not read are taken out at the end, and without marks every mass is computed, as 1",
    },
    {
      at: "y < 0 ? 0 : (1 - smoothing) * (classWeights?.[y] ?? 1) + smoothing * mean,",
      original: "y < 0",
      replacement: "false",
      why: "rows that are not read are taken out of the product at the end",
    },
  ]),
  ...of("packages/core/src/loss/derived-linear-loss.ts", [
    {
      at: 'const needsGradient = isWanted("dx") || isWanted("dw") || isWanted("db");',
      original: 'isWanted("dx") || isWanted("dw") || isWanted("db")',
      replacement: "true",
      why: onlySaves,
    },
    {
      at: 'if (isWanted("rowLoss")) pieces.rowLoss.push(movedTo(found.rowLoss, whole));',
      original: 'isWanted("rowLoss")',
      replacement: "true",
      why: onlySaves,
    },
    {
      at: 'if (isWanted("dx")) pieces.dx.push(movedTo(matmul(gradient, here.w, { transposeB: !transW }), whole));',
      original: 'isWanted("dx")',
      replacement: "true",
      why: onlySaves,
    },
    {
      at: "if (gradient === undefined) continue;",
      original: "gradient === undefined",
      replacement: "false",
      why: "without a gradient none of the rest of the turn is wanted",
    },
    {
      at: "if (isWanted(name)) outputs[name] = pieces[name].length === 1 ? pieces[name][0]! : concat(pieces[name]);",
      original: "pieces[name].length === 1",
      replacement: "false",
      why: oneCopied,
    },
    { at: "if (!isNative(problem, z)) {", original: "!isNative(problem, z)", replacement: "true", why: derivedToo },
    {
      at: 'b === undefined ? allocate("matmul", x.runtime, [rows, classes], x.region) : broadcastTo(b, [rows, classes]);',
      original: '"matmul"',
      replacement: '""',
      why: nameOfNoError,
    },
    {
      at: 'x.runtime.kernels.gemm({ c: z.storage.handle }, { a: x.handle("matmul"), b: w.handle("matmul") }, params);',
      original: '"matmul"',
      replacement: '""',
      why: nameOfNoError,
    },
    {
      at: 'c.runtime.kernels.gemm({ c: c.storage.handle }, { a: a.handle("matmul"), b: b.handle("matmul") }, params);',
      original: '"matmul"',
      replacement: '""',
      why: nameOfNoError,
    },
  ]),
  ...of("packages/core/src/loss/derived-terms.ts", [
    { at: ": scale === 1", original: "scale === 1", replacement: "false", why: "1·u + 0 is u" },
  ]),
  ...of("packages/core/src/loss/diagnostics.ts", [
    {
      at: 'return wanted.has("topK") || wanted.has("entropy") || wanted.has("margin");',
      original: 'wanted.has("topK") || wanted.has("entropy") || wanted.has("margin")',
      replacement: "true",
      why: onlySaves,
    },
  ]),
  ...of("packages/core/src/loss/finished-linear-loss.ts", [
    {
      at: "(name, i): name is LinearOutput => name !== undefined && recordingsOf([inputs[i]!]).length > 0,",
      original: "recordingsOf([inputs[i]!]).length > 0",
      replacement: "true",
      why: onlySaves,
    },
    {
      at: "(name, i): name is LinearOutput => name !== undefined && recordingsOf([inputs[i]!]).length > 0,",
      original: "recordingsOf([inputs[i]!]).length > 0",
      replacement: "recordingsOf([inputs[i]!]).length >= 0",
      why: onlySaves,
    },
  ]),
  ...of("packages/core/src/loss/focal-poly.ts", [
    {
      at: 'const op = "softmaxCrossEntropy";',
      original: '"softmaxCrossEntropy"',
      replacement: '""',
      why: nameOfNoError,
    },
    {
      at: "const sum = poly === 0 ? x : add(x, affine(r, poly, 0));",
      original: "poly === 0",
      replacement: "false",
      why: "r is at most 1, and 0·r adds 0",
    },
    {
      at: "return focal === 0 ? sum : mul(pow(r, focal), sum);",
      original: "focal === 0",
      replacement: "false",
      why: "r^0 is 1, also for r = 0",
    },
    {
      at: "if (focal === 0) return straight;",
      original: "focal === 0",
      replacement: "false",
      why: "r^0 is 1, also for r = 0, and the bend of γ = 0 is 0",
    },
  ]),
  ...of("packages/core/src/loss/linear-cross-entropy.ts", [
    {
      at: "checkKeys(op, options, LINEAR_LOSS_OPTIONS);",
      original: "checkKeys(op, options, LINEAR_LOSS_OPTIONS);",
      replacement: ";",
      why: "problemOf checks what is left of the options by the same list",
    },
    {
      at: "if (finishesLayerGradients(loss.problem, point)) return finishedLinearLoss(loss, point);",
      original: "finishesLayerGradients(loss.problem, point)",
      replacement: "false",
      why: computedAgain,
    },
    {
      at: 'if (reduction === "none" || rowWeights.device !== undefined) return false;',
      original: 'reduction === "none" || rowWeights.device !== undefined',
      replacement: "true",
      why: computedAgain,
    },
    {
      at: "others.length === 0 && only?.persistent === false && recordingsOf(tensorsAt({ ...layer, q: undefined })).length > 0",
      original:
        "others.length === 0 && only?.persistent === false && recordingsOf(tensorsAt({ ...layer, q: undefined })).length > 0",
      replacement: "false",
      why: computedAgain,
    },
    {
      at: "const fits = x.rank > 0 && w.rank === 2 && x.shape.at(-1) === inputs;",
      original: "x.rank > 0",
      replacement: "true",
      why: "the last length of a scalar is undefined, which no weights have",
    },
    {
      at: "const fits = x.rank > 0 && w.rank === 2 && x.shape.at(-1) === inputs;",
      original: "x.rank > 0",
      replacement: "x.rank >= 0",
      why: "the last length of a scalar is undefined, which no weights have",
    },
  ]),
  ...of("packages/core/src/loss/linear-loss-outputs.ts", [
    {
      at: "const { kernels } = runtimeOf(op, [...tensorsAt(point), ...present([factors.u, factors.state])]);",
      original: "[factors.u, factors.state]",
      replacement: "[]",
      why: "what core itself made is on the device of the point",
    },
  ]),
  ...of("packages/core/src/loss/linear-rows.ts", [
    {
      at: "const isRecorded = recordingsOf(inputs).length > 0;",
      original: "recordingsOf(inputs).length > 0",
      replacement: "true",
      why: onlySaves,
    },
    {
      at: "const isRecorded = recordingsOf(inputs).length > 0;",
      original: "recordingsOf(inputs).length > 0",
      replacement: "recordingsOf(inputs).length >= 0",
      why: onlySaves,
    },
    {
      at: "const wanted = inputs.map((_, i) => i === inputs.length - 1);",
      original: "i === inputs.length - 1",
      replacement: "true",
      why: onlySaves,
    },
  ]),
  ...of("packages/core/src/loss/loss-problem.ts", [
    {
      at: "if (given.length > 0) checkCombinations(op, given, settingsOf(labels, smoothing, classWeights, reduction));",
      original: "given.length > 0",
      replacement: "true",
      why: "of no options none is refused",
    },
    {
      at: "if (given.length > 0) checkCombinations(op, given, settingsOf(labels, smoothing, classWeights, reduction));",
      original: "given.length > 0",
      replacement: "given.length >= 0",
      why: "of no options none is refused",
    },
    {
      at: '...(classWeights === undefined ? [] : (["weighted"] as const)),',
      original: "classWeights === undefined",
      replacement: "true",
      why: "no option is refused beside class weights",
    },
    {
      at: '...(classWeights === undefined ? [] : (["weighted"] as const)),',
      original: "classWeights === undefined",
      replacement: "false",
      why: "no option is refused beside class weights",
    },
    {
      at: '...(classWeights === undefined ? [] : (["weighted"] as const)),',
      original: "classWeights === undefined",
      replacement: "classWeights !== undefined",
      why: "no option is refused beside class weights",
    },
  ]),
  ...of("packages/core/src/loss/merge-row-states.ts", [
    {
      at: "const bLeads = b[0] > a[0] || (b[0] === a[0] && b[1] < a[1]);",
      original: "b[1] < a[1]",
      replacement: "b[1] <= a[1]",
      why: "chunks have no class in common: equal k are those of two identities",
    },
  ]),
  ...of("packages/core/src/loss/row-chunks.ts", [
    {
      at: "rowWeights: { host: undefined, device: undefined },",
      original: "{ host: undefined, device: undefined }",
      replacement: "{}",
      why: absentIsUndefined,
    },
    {
      at: "if (count === x.shape[0]) return member;",
      original: "count === x.shape[0]",
      replacement: "false",
      why: oneCopied,
    },
  ]),
  ...of("packages/core/src/loss/row-weights.ts", [
    {
      at: "if (weights === undefined) return { host: undefined, device: undefined };",
      original: "{ host: undefined, device: undefined }",
      replacement: "{}",
      why: absentIsUndefined,
    },
  ]),
  ...of("packages/core/src/loss/row-kernel.ts", [
    {
      at: "const isRecorded = recordingsOf(inputs).length > 0;",
      original: "recordingsOf(inputs).length > 0",
      replacement: "true",
      why: onlySaves,
    },
    {
      at: "const isRecorded = recordingsOf(inputs).length > 0;",
      original: "recordingsOf(inputs).length > 0",
      replacement: "recordingsOf(inputs).length >= 0",
      why: onlySaves,
    },
    {
      at: "const state = output(isRecorded || wanted.state, [...batch, 3]);",
      original: "isRecorded || wanted.state",
      replacement: "true",
      why: onlySaves,
    },
  ]),
  ...of("packages/core/src/loss/row-losses.ts", [
    {
      at: "(terms === undefined || facts.lossTerms === true) &&",
      original: "terms === undefined",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "(temperature === undefined || facts.lossTemperature === true) &&",
      original: "temperature === undefined",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "(probabilities === undefined || marks === undefined || facts.lossMarks === true)",
      original: "probabilities === undefined || marks === undefined",
      replacement: "probabilities === undefined && marks === undefined",
      why: derivedToo,
    },
    {
      at: "(probabilities === undefined || marks === undefined || facts.lossMarks === true)",
      original: "probabilities === undefined",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "(probabilities === undefined || marks === undefined || facts.lossMarks === true)",
      original: "marks === undefined",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "if (problem.terms === undefined) return crossEntropyRows(loss, at, wanted);",
      original: "problem.terms === undefined",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "if (!isNative(problem, point.z)) return derivedGradient(problem, point, u, scale);",
      original: "!isNative(problem, point.z)",
      replacement: "true",
      why: derivedToo,
    },
    {
      at: "if (problem.terms === undefined) return crossEntropyGradient(loss, point, u, scale);",
      original: "problem.terms === undefined",
      replacement: "false",
      why: derivedToo,
    },
  ]),
  ...of("packages/core/src/loss/row-parts.ts", [
    {
      at: "const byKernel = diagnosed && isNative(problem, z) && z.runtime.facts.lossDiagnostics === true;",
      original: "diagnosed && isNative(problem, z) && z.runtime.facts.lossDiagnostics === true",
      replacement: "false",
      why: derivedToo,
    },
  ]),
  ...of("packages/core/src/loss/row-states.ts", [
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "(terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass)",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "terms === undefined || facts.lossTerms === true",
      replacement: "terms === undefined && facts.lossTerms === true",
      why: derivedToo,
    },
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "terms === undefined",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "facts.lossTerms === true",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "axis === logits.rank - 1 || facts.innerClass",
      replacement: "axis === logits.rank - 1 && facts.innerClass",
      why: derivedToo,
    },
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "axis === logits.rank - 1",
      replacement: "false",
      why: derivedToo,
    },
    {
      at: "const isKernels = (terms === undefined || facts.lossTerms === true) && (axis === logits.rank - 1 || facts.innerClass);",
      original: "logits.rank - 1",
      replacement: "logits.rank + 1",
      why: derivedToo,
    },
    {
      at: "if (classOffset === 0) return state;",
      original: "classOffset === 0",
      replacement: "false",
      why: "an offset of 0 is added to k",
    },
  ]),
  ...of("packages/core/src/loss/scaled-logits.ts", [
    {
      at: 'const op = "softmaxCrossEntropy";',
      original: '"softmaxCrossEntropy"',
      replacement: '""',
      why: nameOfNoError,
    },
    { at: 'const { y } = folded(op, "max", z, -1, true);', original: '"max"', replacement: '""', why: nameOfNoError },
  ]),
  ...of("packages/backend-cpu/src/plain/scaled-logits.ts", [
    { at: "topDrift: (top) => -top,", original: "(top) => -top", replacement: "() => undefined", why: noDrift },
    { at: "topDrift: (top) => -top,", original: "-top", replacement: "+top", why: noDrift },
    {
      at: "drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z),",
      original: "(top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z)",
      replacement: "() => undefined",
      why: noDrift,
    },
    {
      at: "drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z),",
      original: "z === Number.NEGATIVE_INFINITY",
      replacement: "true",
      why: noDrift,
    },
    {
      at: "drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z),",
      original: "z === Number.NEGATIVE_INFINITY",
      replacement: "false",
      why: noDrift,
    },
    {
      at: "drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z),",
      original: "z === Number.NEGATIVE_INFINITY",
      replacement: "z !== Number.NEGATIVE_INFINITY",
      why: noDrift,
    },
    {
      at: "drift: (top, z) => (z === Number.NEGATIVE_INFINITY ? 0 : top - z),",
      original: "top - z",
      replacement: "top + z",
      why: noDrift,
    },
  ]),
];

function fits(argument: Argument, mutant: Mutant): boolean {
  const parts = ["file", "at", "original", "replacement"] as const;
  return parts.every((part) => argument[part] === mutant[part]) && (argument.nth ?? 0) === mutant.nth;
}

/** The argument for a mutant; undefined if nobody has made one. */
export function whyEquivalent(mutant: Mutant): string | undefined {
  return argued.find((argument) => fits(argument, mutant))?.why;
}

/** Arguments that fit no mutant: the code has changed since. */
export function unusedArguments(mutants: readonly Mutant[]): readonly string[] {
  return argued
    .filter((argument) => !mutants.some((mutant) => fits(argument, mutant)))
    .map(({ file, at, original, replacement }) => `${file}: ${at}: ${original} → ${replacement}`);
}
