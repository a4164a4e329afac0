// What users download, minified and gzipped. A budget that a change exceeds is a decision for review, not a number to raise.

/** What openDevice loads when an option asks for it: `verify: true`, `workload`, `auditEvery`, `recover`. */
const onDemand = [/opening\/(fastest|verify-golden)\./, /audit\/auditing\./, /recovery\/recovery\./];

const without = (external) => (config) => ({ ...config, external });

export default [
  {
    name: "core, all of it but what openDevice loads on demand",
    path: "packages/core/dist/index.js",
    modifyRolldownConfig: without(onDemand),
    gzip: true,
    limit: "35 kB",
  },
  {
    name: "core and backend-cpu, as a program that trains loads them: with one variant of the kernels",
    path: "packages/backend-cpu/dist/index.js",
    import: {
      "packages/core/dist/index.js": "{ add, matmul, openDevice, softmaxCrossEntropy, zeros }",
      "packages/backend-cpu/dist/index.js": "{ cpu }",
    },
    modifyRolldownConfig: without([...onDemand, /strict\.generated/]),
    gzip: true,
    limit: "47.8 kB",
  },
];
