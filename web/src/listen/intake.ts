// How files come in: dropped anywhere on the page, chosen by a button, or a whole folder of them.

import { h } from "../dom.ts";
import { text } from "../text.ts";

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

// Files that may be sound, and how many others there were.
export interface Taken {
  files: File[];
  passedOver: number;
}

type Take = (taken: Taken) => void;

export function intake(suffixes: string[], take: Take): HTMLElement {
  const chosen = (input: HTMLInputElement) => {
    take(sifted([...(input.files ?? [])], suffixes));
    input.value = ""; // the same file may be chosen again
  };
  const files = picker({ multiple: true, id: "files" }, chosen);
  const folder = picker({ webkitdirectory: true, id: "folder" }, chosen);
  catchDrops(suffixes, take);
  return h(
    "div",
    { class: "intake" },
    h("p", { class: "call" }, text.listen.drop),
    h(
      "p",
      { class: "buttons" },
      h("button", { type: "button", class: "first", onclick: () => files.click() }, text.listen.choose),
      h("button", { type: "button", onclick: () => folder.click() }, text.listen.folder),
    ),
    files,
    folder,
    h("p", { class: "quiet" }, text.listen.stays(LOOPBACK.includes(location.hostname))),
  );
}

function picker(attributes: Record<string, string | boolean>, chosen: (input: HTMLInputElement) => void): HTMLInputElement {
  const input = h("input", { type: "file", hidden: true, tabindex: "-1", ...attributes });
  input.addEventListener("change", () => chosen(input));
  return input;
}

function sifted(files: File[], suffixes: string[]): Taken {
  const known = new Set(suffixes.map((each) => each.toLowerCase()));
  const may = (file: File) => known.has(/\.[^./]+$/.exec(file.name.toLowerCase())?.[0] ?? "");
  const alone = files.length === 1; // what is named by itself is tried, whatever it is called
  const taken = alone ? files : files.filter((file) => may(file) && !file.name.startsWith("."));
  return { files: taken, passedOver: files.length - taken.length };
}

function catchDrops(suffixes: string[], take: Take): void {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  let depth = 0; // dragenter and dragleave come for each element that is passed
  const lit = (change: number) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dragged", depth > 0);
  };
  document.addEventListener("dragenter", (event) => hasFiles(event) && lit(1));
  document.addEventListener("dragleave", (event) => hasFiles(event) && lit(-1));
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer || !hasFiles(event)) return;
    event.preventDefault();
    lit(-depth);
    void dropped(event.dataTransfer).then((files) => take(sifted(files, suffixes)));
  });
}

async function dropped(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(filesBelow))).flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (!some.length) break; // a reader gives a hundred at a time
    found.push(...some);
  }
  found.sort((one, other) => one.name.localeCompare(other.name));
  return (await Promise.all(found.map(filesBelow))).flat();
}
