import { cp } from "node:fs/promises";
import { join } from "node:path";
import { run } from "@surprisal/tool-kit/run";
import { repository } from "./repository.ts";

const author = { name: "rehearsal", email: "rehearsal@localhost", date: "2026-01-01T00:00:00Z" };
// A fixed author and date: the changelogs name the commit.
const identity = {
  GIT_AUTHOR_NAME: author.name,
  GIT_AUTHOR_EMAIL: author.email,
  GIT_AUTHOR_DATE: author.date,
  GIT_COMMITTER_NAME: author.name,
  GIT_COMMITTER_EMAIL: author.email,
  GIT_COMMITTER_DATE: author.date,
};

async function commit(folder: string, message: string): Promise<void> {
  await run("git", ["add", "--all"], { cwd: folder });
  await run("git", ["-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "--message", message], {
    cwd: folder,
    env: identity,
  });
}

/**
 * A copy of the working tree in an empty folder, with the next version of every package and built: what the release
 * workflow has before it publishes. The repository itself is left as it is.
 */
export async function releasedCopy(folder: string): Promise<void> {
  const list = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: repository });
  for (const file of list.split("\0").filter(Boolean)) await cp(join(repository, file), join(folder, file));
  await run("git", ["init", "--quiet", "--initial-branch=main"], { cwd: folder });
  await commit(folder, "The working tree");
  const flags = ["--frozen-lockfile", "--prefer-offline", "--config.minimum-release-age=0"];
  await run("pnpm", ["install", ...flags], { cwd: folder });
  await run("pnpm", ["run", "version"], { cwd: folder });
  await commit(folder, "The next version");
  await run("pnpm", ["run", "build"], { cwd: folder, env: { TURBO_FORCE: "1" } });
}
