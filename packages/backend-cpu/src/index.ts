export { type CpuHandle, type CpuOptions, cpu } from "./cpu.ts";
