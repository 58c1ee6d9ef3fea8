// What the map of a collection looks like: dots, lines to true neighbours, rings, names of regions.
//
// Ten thousand dots a frame are too many for a canvas's own drawing where there is no graphics card. So each class has a
// stamp, the pixels of its mark, which are blended into a picture here and put on the canvas as a whole; all else is
// drawn on it in CSS pixels.

const DIM = 0.16; // opacity of what a search did not find
const FONT = "system-ui, sans-serif";
const MARGIN = 40; // pixels of the picture beyond the canvas, so that no stamp is cut

class Painter {
  constructor(canvas, figure) {
    this.canvas = canvas;
    this.figure = figure;
    this.pen = canvas.getContext("2d");
    this.stamps = { key: "", plain: [], dim: [] };
    this.picture = null;
  }

  // As large as it is shown; gives its size in CSS pixels.
  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    if (this.canvas.width !== across || this.canvas.height !== down) {
      this.canvas.width = across;
      this.canvas.height = down;
    }
    const style = getComputedStyle(this.figure);
    [this.ink, this.paper, this.quiet] = ["--ink", "--paper", "--quiet"].map((name) => style.getPropertyValue(name).trim());
    return { width, height };
  }

  // scene: {places, view, radius, order, classes, hidden, mode, dark, matches, selected, neighbours, hovered, regions}
  draw(scene) {
    const size = this.resize();
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    this.drawDots(scene, size);
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawMatches(scene, size);
    this.drawNeighbours(scene, size);
    this.drawRegions(scene, size);
    if (scene.hovered >= 0) this.ring(scene, size, scene.hovered, 3, 1.5);
  }

  drawDots(scene, { width, height }) {
    const { places: { xs, ys }, view, order, classes, hidden, matches } = scene;
    const { pixels, across, down } = this.blank();
    const { plain, dim } = this.stampsFor(scene, across);
    const [scale, half] = [view.scale * this.ratio, plain[0].side / 2];
    const left = (width * this.ratio) / 2 - view.x * scale - half + MARGIN;
    const top = (height * this.ratio) / 2 + view.y * scale - half + MARGIN;
    for (let k = 0; k < order.length; k++) {
      const n = order[k];
      if (hidden[classes[n]]) continue;
      const x = Math.round(left + xs[n] * scale);
      const y = Math.round(top - ys[n] * scale);
      if (x < 0 || y < 0 || x + 2 * half > across || y + 2 * half > down) continue;
      stamp(pixels, y * across + x, (matches && !matches.has(n) ? dim : plain)[classes[n]]);
    }
    this.pen.putImageData(this.picture, -MARGIN, -MARGIN);
  }

  // The picture, empty, a little larger than the canvas; `pixels` are alpha, blue, green, red from the highest byte on.
  blank() {
    const [across, down] = [this.canvas.width + 2 * MARGIN, this.canvas.height + 2 * MARGIN];
    if (this.picture?.width !== across || this.picture.height !== down) {
      this.picture = this.pen.createImageData(across, down);
      this.pixels = new Uint32Array(this.picture.data.buffer);
    }
    this.pixels.fill(0);
    return { pixels: this.pixels, across, down };
  }

  // A stamp of each class, plain and dim.
  stampsFor({ mode, dark, radius }, across) {
    const key = [mode.name, dark, radius, this.ratio, this.paper, across].join();
    if (this.stamps.key !== key) {
      const inks = dark ? mode.dark : mode.light;
      const made = (alpha) => inks.map((ink, number) => stampOf(this.mark(mode.shapes[number], ink, radius, alpha), across));
      this.stamps = { key, plain: made(0.9), dim: made(DIM) };
    }
    return this.stamps;
  }

  mark(shape, ink, radius, alpha) {
    const picture = document.createElement("canvas");
    const middle = Math.min(Math.ceil(radius * 1.1 * this.ratio) + 1, MARGIN);
    picture.width = picture.height = 2 * middle;
    const pen = picture.getContext("2d");
    pen.globalAlpha = alpha;
    pen.beginPath();
    for (const [x, y] of shape) pen.lineTo(middle + radius * this.ratio * x, middle - radius * this.ratio * y);
    pen.closePath();
    pen.fillStyle = ink;
    pen.fill();
    if (radius > 3) {
      pen.lineWidth = 0.6 * this.ratio;
      pen.strokeStyle = this.paper;
      pen.stroke();
    }
    return pen.getImageData(0, 0, picture.width, picture.height);
  }

  at({ places: { xs, ys }, view }, { width, height }, n) {
    return toScreen(view, xs[n], ys[n], width, height);
  }

  ring(scene, size, n, room, line) {
    const [x, y] = this.at(scene, size, n);
    const pen = this.pen;
    for (const [ink, width] of [[this.paper, line + 2], [this.ink, line]]) {
      pen.beginPath();
      pen.arc(x, y, scene.radius + room, 0, 2 * Math.PI);
      pen.lineWidth = width;
      pen.strokeStyle = ink;
      pen.stroke();
    }
  }

  drawMatches(scene, size) {
    if (!scene.matches) return;
    const pen = this.pen;
    pen.beginPath();
    for (const n of scene.matches) {
      if (scene.hidden[scene.classes[n]]) continue;
      const [x, y] = this.at(scene, size, n);
      pen.moveTo(x + scene.radius + 2, y);
      pen.arc(x, y, scene.radius + 2, 0, 2 * Math.PI);
    }
    pen.lineWidth = 1.2;
    pen.strokeStyle = this.ink;
    pen.stroke();
  }

  // Lines from what is selected to its true neighbours: whole where they are shown near by, dashed where they are not.
  drawNeighbours(scene, size) {
    if (scene.selected < 0) return;
    const pen = this.pen;
    const [x, y] = this.at(scene, size, scene.selected);
    for (const { place, far } of scene.neighbours) {
      const [toX, toY] = this.at(scene, size, place);
      for (const [ink, width] of [[this.paper, 3.5], [this.ink, 1.4]]) {
        pen.beginPath();
        pen.moveTo(x, y);
        pen.lineTo(toX, toY);
        pen.setLineDash(far ? [5, 4] : []);
        pen.lineWidth = width;
        pen.strokeStyle = ink;
        pen.stroke();
      }
      pen.setLineDash([]);
      this.ring(scene, size, place, 1.5, 1);
    }
    this.ring(scene, size, scene.selected, 4, 2.5);
  }

  // The names of regions, the largest first, none over another.
  drawRegions(scene, size) {
    const pen = this.pen;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const boxes = scene.regions.flatMap((region) => this.nameOf(region, scene, size));
    const shown = (box) => box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= size.height;
    for (const { lines, middle, top } of withoutOverlap(boxes.filter(shown), [])) {
      lines.forEach((words, row) => {
        pen.font = row ? `12px ${FONT}` : `600 14px ${FONT}`;
        pen.lineWidth = 4;
        pen.lineJoin = "round";
        pen.strokeStyle = this.paper;
        pen.strokeText(words, middle, top + 9 + 16 * row);
        pen.fillStyle = this.ink;
        pen.fillText(words, middle, top + 9 + 16 * row);
      });
    }
    pen.textAlign = "start";
  }

  nameOf(region, scene, { width, height }) {
    const lines = region.words.map((word) => word.name);
    const [middle, y] = toScreen(scene.view, region.x, region.y, width, height);
    const across = lines.map((words, row) => {
      this.pen.font = row ? `12px ${FONT}` : `600 14px ${FONT}`;
      return this.pen.measureText(words).width;
    });
    const [wide, high] = [Math.max(...across) + 8, 16 * lines.length + 4];
    return [{ x: middle - wide / 2, y: y - high / 2, width: wide, height: high, lines, middle, top: y - high / 2 + 2 }];
  }
}

// The pixels of a mark that are not empty: how far each is from its upper left corner in a picture so wide.
function stampOf({ data, width: side }, across) {
  const places = Array.from({ length: side * side }, (_, n) => n).filter((n) => data[4 * n + 3] > 6);
  return {
    side,
    offsets: Int32Array.from(places, (n) => Math.floor(n / side) * across + (n % side)),
    inks: Uint32Array.from(places, (n) => data[4 * n] | (data[4 * n + 1] << 8) | (data[4 * n + 2] << 16)),
    alphas: Uint8Array.from(places, (n) => data[4 * n + 3]),
  };
}

function stamp(pixels, corner, { offsets, inks, alphas }) {
  for (let k = 0; k < offsets.length; k++) {
    const place = corner + offsets[k];
    const under = pixels[place];
    pixels[place] = under === 0 ? inks[k] | (alphas[k] << 24) : blended(under, inks[k], alphas[k]);
  }
}

// An ink over a pixel, both as in a picture.
function blended(under, ink, alpha) {
  const rest = 255 - alpha;
  const red = ((ink & 255) * alpha + (under & 255) * rest) >> 8;
  const green = (((ink >> 8) & 255) * alpha + ((under >> 8) & 255) * rest) >> 8;
  const blue = (((ink >> 16) & 255) * alpha + ((under >> 16) & 255) * rest) >> 8;
  const opaque = alpha + (((under >>> 24) * rest) >> 8);
  return red | (green << 8) | (blue << 16) | (Math.min(255, opaque) << 24);
}
