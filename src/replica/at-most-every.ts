/** Runs a task at most once every so many milliseconds, the first time at once. */
export function atMostEvery(ms: number, run: () => void) {
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;

  /** Runs now, whatever is due. */
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
    /** Asks for a run: at once where the last one is long enough ago, else one for all that ask meanwhile. */
    ask(): void {
      if (timer) isDue = true;
      else flush();
    },
    flush,
    stop(): void {
      clearTimeout(timer);
      isDue = false;
    },
  };
}
