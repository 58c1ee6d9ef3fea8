// Places of tracks, on a plane or in space, and where a camera shows them. All here is plain counting.
//
// Places are about -1 to 1, x to the right, y up, z to the viewer. A camera has what is in the middle of the canvas, CSS
// pixels for a step, and in space how far the cloud is turned about the upright and the level axis, in radians.

export interface Camera {
  x: number;
  y: number;
  scale: number;
  yaw: number;
  pitch: number;
}

const ROOM = 0.88; // of the canvas, that the whole cloud fills at first
const FAR = 3.2; // from where space is seen: the nearest dots are about twice as large as the farthest
const MOST_ZOOM = 200; // times the first view

export class Cloud {
  readonly count: number;
  readonly shownX: Float32Array; // in CSS pixels, as of the last `project`
  readonly shownY: Float32Array;
  readonly depth: Float32Array; // 0 for the farthest, 1 for the nearest; 0.5 on a plane

  constructor(
    private readonly places: Float32Array, // (count, 3)
    readonly solid: boolean,
  ) {
    this.count = places.length / 3;
    this.shownX = new Float32Array(this.count);
    this.shownY = new Float32Array(this.count);
    this.depth = new Float32Array(this.count).fill(0.5);
  }

  static ofPlane(xy: number[]): Cloud {
    const places = new Float32Array((xy.length / 2) * 3);
    for (let n = 0; n < xy.length / 2; n++) places.set([xy[2 * n] ?? 0, xy[2 * n + 1] ?? 0, 0], 3 * n);
    return new Cloud(places, false);
  }

  static ofSpace(xyz: number[]): Cloud {
    const places = Float32Array.from(xyz);
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0;
      for (let n = axis; n < places.length; n += 3) sum += places[n] ?? 0;
      const mean = sum / Math.max(1, places.length / 3); // turned about its middle
      for (let n = axis; n < places.length; n += 3) places[n] = (places[n] ?? 0) - mean;
    }
    return new Cloud(places, true);
  }

  // The camera that sees all of it.
  whole(width: number, height: number): Camera {
    const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]] as [[number, number], [number, number]];
    let radius = 0;
    for (let n = 0; n < this.count; n++) {
      const [x, y, z] = this.place(n);
      [low[0], low[1]] = [Math.min(low[0], x), Math.min(low[1], y)];
      [high[0], high[1]] = [Math.max(high[0], x), Math.max(high[1], y)];
      radius = Math.max(radius, Math.hypot(x, y, z));
    }
    if (!this.count) return { x: 0, y: 0, scale: 1, yaw: 0, pitch: 0 };
    if (this.solid) return { x: 0, y: 0, scale: (0.62 * Math.min(width, height)) / Math.max(radius, 1e-6), yaw: 0.5, pitch: 0.35 };
    const scale = ROOM * Math.min(width / Math.max(high[0] - low[0], 1e-6), height / Math.max(high[1] - low[1], 1e-6));
    return { x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, scale, yaw: 0, pitch: 0 };
  }

  place(n: number): [number, number, number] {
    return [this.places[3 * n] ?? 0, this.places[3 * n + 1] ?? 0, this.places[3 * n + 2] ?? 0];
  }

  // Where each place is seen, in `shownX`, `shownY` and `depth`.
  project(camera: Camera, width: number, height: number): void {
    const see = this.lens(camera, width, height);
    const at: [number, number, number] = [0, 0, 0];
    for (let n = 0; n < this.count; n++) {
      see(this.places[3 * n] ?? 0, this.places[3 * n + 1] ?? 0, this.places[3 * n + 2] ?? 0, at);
      this.shownX[n] = at[0];
      this.shownY[n] = at[1];
      this.depth[n] = at[2];
    }
  }

  // Where a place is seen, and how near it is; written into `at`, as this is done for every dot.
  lens(camera: Camera, width: number, height: number): (x: number, y: number, z: number, at: [number, number, number]) => void {
    const { x: midX, y: midY, scale, yaw, pitch } = camera;
    const [halfW, halfH] = [width / 2, height / 2];
    if (!this.solid) {
      return (x, y, _z, at) => {
        at[0] = halfW + (x - midX) * scale;
        at[1] = halfH - (y - midY) * scale;
        at[2] = 0.5;
      };
    }
    const [cosY, sinY, cosP, sinP] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    return (x, y, z, at) => {
      const right = cosY * x + sinY * z;
      const inward = cosY * z - sinY * x;
      const up = cosP * y - sinP * inward;
      const near = sinP * y + cosP * inward;
      const size = FAR / (FAR - near);
      at[0] = halfW + (right - midX) * scale * size;
      at[1] = halfH - (up - midY) * scale * size;
      at[2] = Math.min(1, Math.max(0, (near + 1) / 2));
    };
  }

  // The place that is seen nearest to a point, within some pixels; -1 where there is none.
  nearest(x: number, y: number, within: number, shown: (n: number) => boolean): number {
    let [best, least] = [-1, within * within];
    for (let n = 0; n < this.count; n++) {
      const [right, down] = [(this.shownX[n] ?? 0) - x, (this.shownY[n] ?? 0) - y];
      const square = right * right + down * down;
      if (square <= least && shown(n)) [best, least] = [n, square];
    }
    return best;
  }

  // The places that are seen inside a closed line.
  inside(line: [number, number][], shown: (n: number) => boolean): number[] {
    const found: number[] = [];
    for (let n = 0; n < this.count; n++) {
      if (shown(n) && encloses(line, this.shownX[n] ?? 0, this.shownY[n] ?? 0)) found.push(n);
    }
    return found;
  }

  // How many others lie nearer to a place than another one does, on the map itself.
  between(n: number, other: number): number {
    const [x, y, z] = this.place(n);
    const square = (k: number) => {
      const [a, b, c] = this.place(k);
      return (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2;
    };
    const limit = square(other);
    let count = 0;
    for (let k = 0; k < this.count; k++) if (k !== n && k !== other && square(k) < limit) count++;
    return count;
  }
}

// By how often a ray to the right crosses the line.
export function encloses(line: [number, number][], x: number, y: number): boolean {
  let inside = false;
  for (let n = 0, before = line.length - 1; n < line.length; before = n++) {
    const [[x1, y1], [x2, y2]] = [line[n] ?? [0, 0], line[before] ?? [0, 0]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

export function panned(camera: Camera, right: number, down: number): Camera {
  return { ...camera, x: camera.x - right / camera.scale, y: camera.y + down / camera.scale };
}

export function turned(camera: Camera, right: number, down: number): Camera {
  const pitch = Math.min(1.5, Math.max(-1.5, camera.pitch + down / 200));
  return { ...camera, yaw: camera.yaw + right / 200, pitch };
}

// Nearer by a factor; what is at a point of the canvas, counted from its middle, stays there.
export function zoomed(camera: Camera, factor: number, right: number, down: number, whole: Camera): Camera {
  const scale = Math.min(MOST_ZOOM * whole.scale, Math.max(whole.scale / 2, camera.scale * factor));
  const [x, y] = [camera.x + right / camera.scale, camera.y - down / camera.scale];
  return { ...camera, x: x - right / scale, y: y + down / scale, scale };
}
