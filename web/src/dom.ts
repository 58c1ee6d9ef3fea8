// Elements, made in one call. No text is ever read as markup.

type Child = Node | string | null | undefined | false;
type Value = string | number | boolean | null | undefined | EventListener | ((event: never) => unknown);
type Attributes = Record<string, Value>;

// An element with attributes and children. A function under a name such as "onclick" listens; true is an attribute
// without a value, and false, null and undefined are none.
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  furnish(element, attributes);
  fill(element, ...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function s<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  furnish(element, attributes);
  element.append(...there(children));
  return element;
}

// Put children in the place of those that are there.
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...there(children));
}

function there(children: Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false);
}

function furnish(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
}

let numbers = 0;

// A name for an element that another one speaks of.
export function fresh(name: string): string {
  numbers += 1;
  return `${name}-${numbers}`;
}

// As a texture is looked up: a CSS variable of the page, such as "ink".
export function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// A canvas as large as it is shown, with a pen that counts in CSS pixels; null while it is not shown.
export function penOf(canvas: HTMLCanvasElement): { pen: CanvasRenderingContext2D; width: number; height: number } | null {
  const { clientWidth: width, clientHeight: height } = canvas;
  const pen = canvas.getContext("2d");
  if (!width || !height || !pen) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height };
}

// What was asked last is what counts: an earlier answer that comes later is dropped.
export class Latest {
  private turn = 0;

  async of<T>(work: Promise<T>, then: (value: T) => void, failed: (problem: unknown) => void): Promise<void> {
    this.turn += 1;
    const mine = this.turn;
    try {
      const value = await work;
      if (mine === this.turn) then(value);
    } catch (problem) {
      if (mine === this.turn) failed(problem);
    }
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");

export function isDark(): boolean {
  return dark.matches;
}

// Gives what ends it.
export function whenThemeChanges(act: () => void): () => void {
  dark.addEventListener("change", act);
  return () => dark.removeEventListener("change", act);
}
