// The loss loop in C. compile.ts compiles it where there is a clang that knows WebAssembly; it is not part of any build.
#include <stdint.h>
#include <wasm_simd128.h>

#define IMPORT(name) __attribute__((import_module("math"), import_name(#name)))
IMPORT(exp) double js_exp(double);
IMPORT(log) double js_log(double);

// log2 e, −ln 2 in two parts, and the polynomial (e^r − 1)/r.
static const float constants[] = {1.4426950408889634f, -0.693145751953125f, -1.428606765330187e-6f,
                                  1.0f, 0.5f, 0.16666685f, 0.04166627f, 0.008369386f, 0.0013933364f};

typedef struct { v128_t low, log2e, magic, high, rest, one, c1, c2, c3, c4, c5; } Splats;

#define madd wasm_f32x4_relaxed_madd

static inline v128_t power(v128_t x, const Splats *c) {
  x = wasm_f32x4_pmax(x, c->low);
  v128_t t = madd(x, c->log2e, c->magic);
  v128_t n = wasm_f32x4_sub(t, c->magic);
  v128_t s = wasm_i32x4_add(wasm_i32x4_shl(t, 23), c->one);
  v128_t r = madd(n, c->rest, madd(n, c->high, x));
  v128_t q = madd(r, c->c5, c->c4);
  q = madd(q, r, c->c3);
  q = madd(q, r, c->c2);
  q = madd(q, r, c->c1);
  q = madd(q, r, c->one);
  return madd(wasm_f32x4_mul(r, s), q, s);
}

static inline v128_t widened(v128_t a) {
  return wasm_f64x2_add(wasm_f64x2_promote_low_f32x4(a),
                        wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(a, a, 2, 3, 0, 1)));
}

static float maximum(const float *x, int count) {
  v128_t a = wasm_f32x4_splat(-__builtin_inff()), b = a;
  const float *end = x + count;
  for (; x + 8 <= end; x += 8) {
    a = wasm_f32x4_pmax(a, wasm_v128_load(x));
    b = wasm_f32x4_pmax(b, wasm_v128_load(x + 4));
  }
  a = wasm_f32x4_pmax(a, b);
  a = wasm_f32x4_pmax(a, wasm_i32x4_shuffle(a, a, 2, 3, 0, 1));
  float first = wasm_f32x4_extract_lane(a, 0), second = wasm_f32x4_extract_lane(a, 1);
  float most = first > second ? first : second;
  for (; x < end; x++) most = *x > most ? *x : most;
  return most;
}

static double powers(const float *x, float *g, int count, float k) {
  // LLVM must not see through the pointer: it would sink the constants into the loop, where V8 builds them anew.
  const float *table = constants;
  __asm__("" : "+r"(table));
  Splats c = {.low = wasm_f32x4_splat((k - 127.0f) * 0.6931471805599453f),
              .magic = wasm_f32x4_splat(12582912.0f - k),
              .log2e = wasm_v128_load32_splat(table),
              .high = wasm_v128_load32_splat(table + 1),
              .rest = wasm_v128_load32_splat(table + 2),
              .one = wasm_v128_load32_splat(table + 3),
              .c1 = wasm_v128_load32_splat(table + 4),
              .c2 = wasm_v128_load32_splat(table + 5),
              .c3 = wasm_v128_load32_splat(table + 6),
              .c4 = wasm_v128_load32_splat(table + 7),
              .c5 = wasm_v128_load32_splat(table + 8)};
  v128_t total = wasm_f64x2_splat(0);
  const float *end = x + count;
  while (x + 8 <= end) {
    const float *stop = end - 7 < x + 128 ? end - 7 : x + 128;
    v128_t a = wasm_f32x4_splat(0), b = a;
    for (; x < stop; x += 8, g += 8) {
      v128_t e = power(wasm_v128_load(x), &c);
      wasm_v128_store(g, e);
      a = wasm_f32x4_add(a, e);
      v128_t f = power(wasm_v128_load(x + 4), &c);
      wasm_v128_store(g + 4, f);
      b = wasm_f32x4_add(b, f);
    }
    total = wasm_f64x2_add(total, wasm_f64x2_add(widened(a), widened(b)));
  }
  double sum = wasm_f64x2_extract_lane(total, 0) + wasm_f64x2_extract_lane(total, 1);
  for (; x < end; x++, g++) {
    *g = wasm_f32x4_extract_lane(power(wasm_v128_load32_splat(x), &c), 0);
    sum += (double)*g;
  }
  return sum;
}

static void scale(float *g, int count, float factor) {
  v128_t v = wasm_f32x4_splat(factor);
  float *end = g + count;
  for (; g + 8 <= end; g += 8) {
    wasm_v128_store(g, wasm_f32x4_mul(wasm_v128_load(g), v));
    wasm_v128_store(g + 4, wasm_f32x4_mul(wasm_v128_load(g + 4), v));
  }
  for (; g < end; g++) *g *= factor;
}

__attribute__((export_name("fused"))) void fused(const float *x, const int32_t *labels, float *g, float *loss, int rows,
                                                 int classes, double u) {
  for (int i = 0; i < rows; i++, x += classes, g += classes) {
    int y = labels[i];
    float k = __builtin_rintf(maximum(x, classes) * 1.4426950408889634f) - 8.0f;
    double R = powers(x, g, y, k) + powers(x + y + 1, g + y + 1, classes - y - 1, k);
    double d = (double)k * 0.6931471805599453 - (double)x[y];
    double E = js_exp(-d);
    double value = d + js_log(R + E);
    if (R < 0.41 * E) {
      double ratio = R / E, sum = 1.0 + ratio;  // log1p(R/E)
      value = sum == 1.0 ? ratio : (js_log(sum) * ratio) / (sum - 1.0);
    }
    loss[i] = (float)value;
    double f = u / (R + E);
    scale(g, classes, (float)f);
    g[y] = (float)(-f * R);
  }
}
