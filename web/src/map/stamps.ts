// Dots without a graphics card: each class has a stamp, the pixels of its mark, which are blended into one picture.
//
// Ten thousand dots a frame are too many for a canvas's own drawing on a machine that has no card, and few pages need
// more. A pixel is a 32-bit number: alpha, blue, green, red from the highest byte on.

import type { Outline } from "../palette.ts";

export interface Stamp {
  side: number;
  offsets: Int32Array; // from its upper left corner, in a picture so wide
  inks: Uint32Array;
  alphas: Uint8Array;
}

export interface Look {
  shape: Outline;
  ink: string;
  radius: number; // in pixels of the picture
  alpha: number;
  rim: string; // around larger marks, so that they stand apart
}

export function stampOf(look: Look, across: number): Stamp {
  const middle = Math.ceil(look.radius * 1.1) + 1;
  const picture = document.createElement("canvas");
  const side = 2 * middle;
  picture.width = picture.height = side;
  const pen = picture.getContext("2d", { willReadFrequently: true });
  if (!pen) return { side, offsets: new Int32Array(), inks: new Uint32Array(), alphas: new Uint8Array() };
  pen.globalAlpha = look.alpha;
  pen.beginPath();
  for (const [x, y] of look.shape) pen.lineTo(middle + look.radius * x, middle - look.radius * y);
  pen.closePath();
  pen.fillStyle = look.ink;
  pen.fill();
  if (look.radius > 3) {
    pen.lineWidth = 0.6;
    pen.strokeStyle = look.rim;
    pen.stroke();
  }
  return pixelsOf(pen.getImageData(0, 0, side, side).data, side, across);
}

function pixelsOf(data: Uint8ClampedArray, side: number, across: number): Stamp {
  const places = Array.from({ length: side * side }, (_, n) => n).filter((n) => (data[4 * n + 3] ?? 0) > 6);
  const ink = (n: number) => (data[4 * n] ?? 0) | ((data[4 * n + 1] ?? 0) << 8) | ((data[4 * n + 2] ?? 0) << 16);
  return {
    side,
    offsets: Int32Array.from(places, (n) => Math.floor(n / side) * across + (n % side)),
    inks: Uint32Array.from(places, ink),
    alphas: Uint8Array.from(places, (n) => data[4 * n + 3] ?? 0),
  };
}

export function press(pixels: Uint32Array, corner: number, stamp: Stamp): void {
  const { offsets, inks, alphas } = stamp;
  const count = offsets.length;
  for (let k = 0; k < count; k++) {
    const place = corner + (offsets[k] as number);
    const under = pixels[place] as number;
    const ink = inks[k] as number;
    const alpha = alphas[k] as number;
    pixels[place] = under === 0 ? ink | (alpha << 24) : blended(under, ink, alpha);
  }
}

// An ink over a pixel, both as in a picture.
function blended(under: number, ink: number, alpha: number): number {
  const rest = 255 - alpha;
  const red = ((ink & 255) * alpha + (under & 255) * rest) >> 8;
  const green = (((ink >> 8) & 255) * alpha + ((under >> 8) & 255) * rest) >> 8;
  const blue = (((ink >> 16) & 255) * alpha + ((under >> 16) & 255) * rest) >> 8;
  const opaque = alpha + (((under >>> 24) * rest) >> 8);
  return red | (green << 8) | (blue << 16) | (Math.min(255, opaque) << 24);
}
