export interface Pacer {
  /** Asks for a run: at once where the last one is long enough ago, else one for all that ask meanwhile. */
  ask(): void;
  /** Runs now, whatever is due. */
  flush(): void;
  stop(): void;
}

/** Runs a task at most once every so many milliseconds, the first time at once. */
export function atMostEvery(ms: number, run: () => void): Pacer {
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;

  function flush(): void {
    clearTimeout(timer);
    isDue = false;
    timer = setTimeout(rest, ms).unref();
    run();
  }

  function rest(): void {
    timer = undefined;
    if (isDue) flush();
  }

  return {
    ask() {
      if (timer) isDue = true;
      else flush();
    },
    flush,
    stop() {
      clearTimeout(timer);
      isDue = false;
    },
  };
}
