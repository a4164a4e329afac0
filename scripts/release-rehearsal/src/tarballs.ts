import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "@surprisal/tool-kit/run";
import { type Check, check } from "./check.ts";
import { type PublishedPackage, publishedPackages } from "./repository.ts";

const hash = async (file: string) =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

async function packed(copy: string, { folder }: PublishedPackage, into: string): Promise<string> {
  await mkdir(into, { recursive: true });
  const file = join(into, `${folder}.tgz`);
  await run("pnpm", ["pack", "--out", file], { cwd: join(copy, "packages", folder) });
  return file;
}

/** What of an unpacked package ought not to be there, or is missing. */
async function faults(folder: string, copy: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const found: string[] = [];
  for (const file of ["README.md", "LICENSE", "CHANGELOG.md", "dist/index.js", "dist/index.d.ts"]) {
    if (!files.includes(file)) found.push(`holds no ${file}`);
  }
  for (const file of files) if (/\.test\./.test(file)) found.push(`holds the test ${file}`);
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    if (manifest.scripts?.[script]) found.push(`has the install script ${script}`);
  }
  const read = JSON.stringify([manifest.exports, manifest.dependencies, manifest.peerDependencies]);
  for (const word of ["workspace:", "catalog:", "@surprisal/source"]) {
    if (read.includes(word)) found.push(`package.json has ${word}, which only the workspace knows`);
  }
  for (const file of files.filter((name) => /\.(js|ts|map|json|md)$/.test(name))) {
    const text = await readFile(join(folder, file), "utf8");
    if (text.includes(copy) || text.includes("file://")) found.push(`${file} holds a path of this machine`);
  }
  return found;
}

/** Holds the tarballs of a built copy to what a user may expect of them; `second` is another copy, built by itself. */
export async function checkTarballs(copy: string, second: string, scratch: string): Promise<Check[]> {
  return Promise.all(
    publishedPackages.map((one) =>
      check("tarballs", one.name, async () => {
        const tarball = await packed(copy, one, join(scratch, "first"));
        const again = await packed(second, one, join(scratch, "second"));
        if ((await hash(tarball)) !== (await hash(again))) throw new Error("two builds give two tarballs");
        const folder = join(scratch, "unpacked", one.folder);
        await mkdir(folder, { recursive: true });
        await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder], { cwd: scratch });
        const found = await faults(folder, copy);
        if (found.length > 0) throw new Error(found.join("\n"));
      }),
    ),
  );
}
