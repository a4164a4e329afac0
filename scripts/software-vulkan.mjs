// Where Vulkan has no driver of its own, the one in software that comes with Chromium: with it WebGPU runs on Node too.
import { existsSync, readdirSync } from "node:fs";

const chromiums = ["/usr/lib/chromium", "/opt/google/chrome"];
const driverFolders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];

/** What to set VK_ICD_FILENAMES to; undefined where Vulkan has a driver, or Chromium is not there. */
export function softwareVulkan() {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  const hasDriver = driverFolders.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
  if (VK_ICD_FILENAMES || VK_DRIVER_FILES || hasDriver) return undefined;
  return chromiums.map((folder) => `${folder}/vk_swiftshader_icd.json`).find((file) => existsSync(file));
}
