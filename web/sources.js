// The hash of what the page is built from, which is put beside the build: a test tells by it whether the build is stale.
//
// SHA-256 over each file in the order of its name: name, a zero byte, its text with line ends as on Linux, a zero byte.
// tests/serve/test_page_build.py counts the same.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = import.meta.dirname;
const FILES = [".npmrc", "index.html", "package-lock.json", "package.json", "sources.js", "tsconfig.json", "vite.config.js"];
const FOLDERS = ["public", "src"];

function namesOf() {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name).slice(ROOT.length + 1).replaceAll("\\", "/")),
  );
  return [...FILES, ...below].sort((one, other) => (one < other ? -1 : 1));
}

function hashOfSources() {
  const hash = createHash("sha256");
  for (const name of namesOf()) {
    const text = readFileSync(join(ROOT, name), "utf8").replaceAll("\r\n", "\n");
    hash.update(`${name}\0${text}\0`);
  }
  return hash.digest("hex");
}

export function stamp() {
  return {
    name: "stamp",
    apply: "build",
    generateBundle() {
      const source = `${JSON.stringify({ sources: hashOfSources() })}\n`;
      this.emitFile({ type: "asset", fileName: "build.json", source });
    },
  };
}
