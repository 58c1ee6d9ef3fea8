// A server to which too many come answers with status 429 and when to ask again. So it is asked again then, and the page
// says that it waits.

export const TOO_MANY = 429;
export const MOST_TRIES = 12; // of what is read; who sends a file has come for its answer, and waits as long as it takes
const USUAL_S = 3;
const MOST_S = 120;

export type Wait = (seconds: number) => Promise<void>;

// In how many seconds to ask again.
export function patienceOf(response: Response): number {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? Math.min(seconds, MOST_S) : USUAL_S;
}

export function pause(seconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, 1000 * seconds));
}

// Who waits now, all over the page.
class Rush {
  private readonly waits = new Set<number>();
  private readonly changed = new Set<(seconds: number) => void>();

  // Called with the seconds until the server is asked next, and with 0 when nothing waits any more.
  onChange(act: (seconds: number) => void): void {
    this.changed.add(act);
  }

  readonly wait: Wait = async (seconds) => {
    const until = Date.now() + 1000 * seconds;
    this.waits.add(until);
    this.tell();
    await pause(seconds);
    this.waits.delete(until);
    this.tell();
  };

  private tell(): void {
    const next = this.waits.size ? Math.max(1, Math.round((Math.min(...this.waits) - Date.now()) / 1000)) : 0;
    for (const act of this.changed) act(next);
  }
}

export const rush = new Rush();
