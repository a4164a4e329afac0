// What users download, minified and gzipped. A budget that a change exceeds is a decision for review, not a number to raise.
export default [
  { name: "core, all of it", path: "packages/core/dist/index.js", gzip: true, limit: "31 kB" },
  {
    name: "core and backend-cpu, as a program that trains loads them: with one variant of the kernels",
    path: "packages/backend-cpu/dist/index.js",
    import: {
      "packages/core/dist/index.js": "{ add, matmul, openDevice, softmaxCrossEntropy, zeros }",
      "packages/backend-cpu/dist/index.js": "{ cpu }",
    },
    modifyRolldownConfig: (config) => ({ ...config, external: [/strict\.generated/] }),
    gzip: true,
    limit: "52 kB",
  },
];
