// What users download, minified and gzipped. A budget that a change exceeds is a decision for review, not a number to raise.

/** What openDevice loads for its options: the check of them, and what `verify: true`, `workload`, `auditEvery` and `recover` ask for. */
const onDemand = [
  /opening\/(open-device-options|fastest|verify-golden)\./,
  /audit\/auditing\./,
  /recovery\/recovery\./,
];

const without = (external) => (config) => ({ ...config, external });

export default [
  {
    name: "core, all of it but what openDevice loads on demand",
    path: "packages/core/dist/index.js",
    modifyRolldownConfig: without(onDemand),
    gzip: true,
    limit: "34.4 kB",
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
    limit: "46 kB",
  },
];
