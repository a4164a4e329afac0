/** The loss loop as WebAssembly text, put together by functions that know the type of what they stand for. */

type WasmType = "i32" | "f32" | "f64" | "v128";
/** An expression of the text format. */
interface Expression<T extends WasmType> {
  readonly type: T;
  readonly text: string;
}
/** A local variable. */
interface Local<T extends WasmType> extends Expression<T> {
  readonly name: string;
}
type V128 = Expression<"v128">;

const expression = <T extends WasmType>(type: T, text: string): Expression<T> => ({ type, text });
const local = <T extends WasmType>(type: T, name: string): Local<T> => ({ type, name, text: `(local.get $${name})` });
const set = <T extends WasmType>({ name }: Local<T>, value: Expression<T>): string =>
  `(local.set $${name} ${value.text})`;
const v128 =
  (op: string) =>
  (...operands: readonly V128[]): V128 =>
    expression("v128", `(${op} ${operands.map(({ text }) => text).join(" ")})`);
const f64 =
  (op: string) =>
  (...operands: readonly Expression<"f64">[]): Expression<"f64"> =>
    expression("f64", `(${op} ${operands.map(({ text }) => text).join(" ")})`);
const constant = (value: number): V128 => expression("v128", `(v128.const f32x4 ${Array(4).fill(value).join(" ")})`);

const madd = v128("f32x4.relaxed_madd");
const subtract = v128("f32x4.sub");
const multiply = v128("f32x4.mul");
const larger = v128("f32x4.pmax");
const sum = v128("f32x4.add");
const wideSum = v128("f64x2.add");
const load = (from: Local<"i32">, offset = 0): V128 => expression("v128", `(v128.load offset=${offset} ${from.text})`);
const store = (to: Local<"i32">, value: V128, offset = 0): string =>
  `(v128.store offset=${offset} ${to.text} ${value.text})`;
const swapHalves = (a: V128): V128 =>
  expression("v128", `(i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 ${a.text} ${a.text})`);
const lane = (a: V128, index: number): Expression<"f32"> =>
  expression("f32", `(f32x4.extract_lane ${index} ${a.text})`);
const wideLane = (a: V128, index: number): Expression<"f64"> =>
  expression("f64", `(f64x2.extract_lane ${index} ${a.text})`);
const widen = v128("f64x2.promote_low_f32x4");
const advance = (pointer: Local<"i32">, bytes: number): string =>
  set(pointer, expression("i32", `(i32.add ${pointer.text} (i32.const ${bytes}))`));

/** The constants of e^x, each in a local that is set before the loop: V8 then keeps them in registers. */
const constants = {
  log2e: Math.LOG2E,
  high: -0.693145751953125,
  rest: -1.428606765330187e-6,
  one: 1,
  c1: 0.5,
  c2: 0.16666685,
  c3: 0.04166627,
  c4: 0.008369386,
  c5: 0.0013933364,
};
type ConstantName = keyof typeof constants | "magic" | "low";
const c = Object.fromEntries(
  [...Object.keys(constants), "magic", "low"].map((name) => [name, local("v128", name)]),
) as Record<ConstantName, Local<"v128">>;

const t = local("v128", "t");
const n = local("v128", "n");
const r = local("v128", "r");
const s = local("v128", "s");
const e = local("v128", "e");

/** e = e^(value)·2^−k */
function power(value: V128): string {
  const polynomial = [c.c4, c.c3, c.c2, c.c1, c.one].reduce<V128>((q, next) => madd(q, r, next), c.c5);
  return [
    set(r, larger(value, c.low)),
    set(t, madd(r, c.log2e, c.magic)),
    set(n, subtract(t, c.magic)),
    set(s, expression("v128", `(i32x4.add (i32x4.shl ${t.text} (i32.const 23)) ${c.one.text})`)),
    set(r, madd(n, c.rest, madd(n, c.high, r))),
    set(e, madd(multiply(r, s), polynomial, s)),
  ].join("\n");
}

const x = local("i32", "x");
const g = local("i32", "g");
const end = local("i32", "end");
const stop = local("i32", "stop");
const a = local("v128", "a");
const b = local("v128", "b");
const total = local("v128", "total");
const result = local("f64", "result");
const factor = local("v128", "factor");

const widened = (v: V128): V128 => wideSum(widen(v), widen(swapHalves(v)));
const endOfRow = `(local.set $end (i32.add (local.get $START) (i32.shl (local.get $count) (i32.const 2))))`;
const loopWhile = (name: string, condition: string, body: readonly string[]): string =>
  `(block $${name}End (loop $${name} (br_if $${name}End (i32.eqz ${condition}))\n${body.join("\n")}\n(br $${name})))`;
const moreThan = (pointer: Local<"i32">, bytes: number): string =>
  `(i32.le_u (i32.add ${pointer.text} (i32.const ${bytes})) ${end.text})`;
const locals = (list: readonly Local<WasmType>[]): string =>
  list.map(({ name, type }) => `(local $${name} ${type})`).join(" ");

const maximum = `(func $maximum (param $x i32) (param $count i32) (result f32)
  ${locals([end, a, b, local("f32", "most")])}
  ${endOfRow.replace("START", "x")}
  ${set(a, constant(-Infinity)).replaceAll("-Infinity", "-inf")} (local.set $b (local.get $a))
  ${loopWhile("pairs", moreThan(x, 32), [set(a, larger(a, load(x))), set(b, larger(b, load(x, 16))), advance(x, 32)])}
  ${set(a, larger(a, b))} ${set(a, larger(a, swapHalves(a)))}
  (local.set $most (f32.max ${lane(a, 0).text} ${lane(a, 1).text}))
  ${loopWhile("rest", `(i32.lt_u ${x.text} ${end.text})`, ["(local.set $most (f32.max (local.get $most) (f32.load (local.get $x))))", advance(x, 4)])}
  (local.get $most))`;

const powers = `(func $powers (param $x i32) (param $g i32) (param $count i32) (param $k f32) (result f64)
  ${locals([end, stop, t, n, r, s, e, a, b, total, result, ...Object.values(c)])}
  ${Object.entries(constants)
    .map(([name, value]) => set(c[name as ConstantName], constant(value)))
    .join("\n")}
  (local.set $magic (f32x4.splat (f32.sub (f32.const 12582912) (local.get $k))))
  (local.set $low (f32x4.splat (f32.mul (f32.sub (local.get $k) (f32.const 127)) (f32.const 0.6931471805599453))))
  ${endOfRow.replace("START", "x")}
  ${loopWhile("chunks", moreThan(x, 32), [
    `(local.set $stop (i32.sub ${end.text} (i32.const 31)))
     (if (i32.gt_u (local.get $stop) (i32.add ${x.text} (i32.const 512)))
       (then (local.set $stop (i32.add ${x.text} (i32.const 512)))))`,
    set(a, constant(0)),
    set(b, constant(0)),
    loopWhile("pairs", `(i32.lt_u ${x.text} ${stop.text})`, [
      power(load(x)),
      store(g, e),
      set(a, sum(a, e)),
      power(load(x, 16)),
      store(g, e, 16),
      set(b, sum(b, e)),
      advance(x, 32),
      advance(g, 32),
    ]),
    set(total, wideSum(total, wideSum(widened(a), widened(b)))),
  ])}
  ${set(result, f64("f64.add")(wideLane(total, 0), wideLane(total, 1)))}
  ${loopWhile("rest", `(i32.lt_u ${x.text} ${end.text})`, [
    power(expression("v128", `(v128.load32_splat ${x.text})`)),
    `(f32.store ${g.text} ${lane(e, 0).text})`,
    set(result, expression("f64", `(f64.add ${result.text} (f64.promote_f32 ${lane(e, 0).text}))`)),
    advance(x, 4),
    advance(g, 4),
  ])}
  ${result.text})`;

const scale = `(func $scale (param $g i32) (param $count i32) (param $by f32)
  ${locals([end, factor])}
  (local.set $factor (f32x4.splat (local.get $by)))
  ${endOfRow.replace("START", "g")}
  ${loopWhile("pairs", moreThan(g, 32), [store(g, multiply(load(g), factor)), store(g, multiply(load(g, 16), factor), 16), advance(g, 32)])}
  ${loopWhile("rest", `(i32.lt_u ${g.text} ${end.text})`, [`(f32.store ${g.text} (f32.mul (f32.load ${g.text}) (local.get $by)))`, advance(g, 4)])})`;

const fused = `(func (export "fused")
  (param $x i32) (param $labels i32) (param $g i32) (param $loss i32) (param $rows i32) (param $classes i32) (param $u f64)
  (local $y i32) (local $k f32) (local $after i32) (local $R f64) (local $d f64) (local $E f64) (local $value f64)
  (local $ratio f64) (local $sum f64) (local $f f64)
  ${loopWhile("each", "(local.get $rows)", [
    `(local.set $y (i32.load (local.get $labels)))
     (local.set $k (f32.sub
       (f32.nearest (f32.mul (call $maximum (local.get $x) (local.get $classes)) (f32.const 1.4426950408889634)))
       (f32.const 8)))
     (local.set $after (i32.shl (i32.add (local.get $y) (i32.const 1)) (i32.const 2)))
     (local.set $R (f64.add
       (call $powers (local.get $x) (local.get $g) (local.get $y) (local.get $k))
       (call $powers (i32.add (local.get $x) (local.get $after)) (i32.add (local.get $g) (local.get $after))
         (i32.sub (i32.sub (local.get $classes) (local.get $y)) (i32.const 1)) (local.get $k))))
     (local.set $d (f64.sub
       (f64.mul (f64.promote_f32 (local.get $k)) (f64.const 0.6931471805599453))
       (f64.promote_f32 (f32.load (i32.add (local.get $x) (i32.shl (local.get $y) (i32.const 2)))))))
     (local.set $E (call $exp (f64.neg (local.get $d))))
     (local.set $value (f64.add (local.get $d) (call $log (f64.add (local.get $R) (local.get $E)))))
     (if (f64.lt (local.get $R) (f64.mul (f64.const 0.41) (local.get $E))) (then
       (local.set $ratio (f64.div (local.get $R) (local.get $E)))
       (local.set $sum (f64.add (f64.const 1) (local.get $ratio)))
       (local.set $value (local.get $ratio))
       (if (f64.ne (local.get $sum) (f64.const 1)) (then
         (local.set $value (f64.div
           (f64.mul (call $log (local.get $sum)) (local.get $ratio))
           (f64.sub (local.get $sum) (f64.const 1))))))))
     (f32.store (local.get $loss) (f32.demote_f64 (local.get $value)))
     (local.set $f (f64.div (local.get $u) (f64.add (local.get $R) (local.get $E))))
     (call $scale (local.get $g) (local.get $classes) (f32.demote_f64 (local.get $f)))
     (f32.store (i32.add (local.get $g) (i32.shl (local.get $y) (i32.const 2)))
       (f32.demote_f64 (f64.mul (f64.neg (local.get $f)) (local.get $R))))
     (local.set $after (i32.shl (local.get $classes) (i32.const 2)))
     (local.set $x (i32.add (local.get $x) (local.get $after)))
     (local.set $g (i32.add (local.get $g) (local.get $after)))
     (local.set $labels (i32.add (local.get $labels) (i32.const 4)))
     (local.set $loss (i32.add (local.get $loss) (i32.const 4)))
     (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))`,
  ])})`;

/** The module. */
export const lossWat: string = `(module
  (import "math" "exp" (func $exp (param f64) (result f64)))
  (import "math" "log" (func $log (param f64) (result f64)))
  (import "env" "memory" (memory 1 65536))
  ${[maximum, powers, scale, fused].join("\n  ")})
`;
