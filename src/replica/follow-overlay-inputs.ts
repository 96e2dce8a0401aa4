import { readEmbodiedTable } from '../config/embodied-table.ts';
import { readInstanceTypes } from '../config/instance-types-file.ts';
import type { OverlayConfig } from '../config/overlay-config.ts';
import { readPowerTable } from '../config/power-table.ts';
import { watchFiles } from '../config/watch-files.ts';
import type { NoInputs, OverlayInputs } from '../controllers/node-overlays/controller.ts';
import type { Log } from '../telemetry/log.ts';
import { unknownByDefault } from '../units/overlay-settings.ts';
import { itself, tellFew } from '../units/tell-few.ts';

export interface OverlayInputsFollowed {
  /** What counts now; or why there is nothing that counts. */
  current(): OverlayInputs | NoInputs;
  /** The section of gridgate.yaml is another. */
  changed(): void;
  stop(): void;
}

interface FollowDeps {
  readonly section: () => OverlayConfig;
  readonly log: Log;
  readonly onChange: () => void;
  /** Of looks at the files. */
  readonly intervalMs?: number;
}

const MOST_MISTAKES = 5;
const NO_PRICE = 'overlays.carbonPrice is missing in gridgate.yaml';
const NOT_YET = 'the files that gridgate.yaml names under overlays have not been read yet';

type FromFiles = Pick<OverlayInputs, 'types' | 'embodied' | 'table'>;

/** Follows what `overlays:` of gridgate.yaml names; of files with mistakes the last good version stays. */
export function followOverlayInputs({ section, log, onChange, intervalMs }: FollowDeps): OverlayInputsFollowed {
  let good: FromFiles | undefined;
  let problem: string | undefined = NOT_YET;
  let stopWatching = () => {};
  let reads = 0;
  follow();

  function follow(): void {
    stopWatching();
    good = undefined; // another file says other things
    problem = NOT_YET;
    const { instanceTypes, embodiedTable, powerTable } = section();
    const files = [instanceTypes, embodiedTable, powerTable].filter((path) => path !== undefined);
    void readAll();
    if (files.length === 0) return;
    const known = files.map(() => ''); // so that what changed since the read above is read once more
    // What cannot be read is told by the read itself, in the same words each time.
    stopWatching = watchFiles({ files, known, intervalMs, onChange: readAll, onError: readAll, onReadable: readAll });
  }

  async function readAll(): Promise<void> {
    const { instanceTypes, embodiedTable, powerTable } = section();
    const number = ++reads;
    const [types, embodied, power] = await Promise.all([
      instanceTypes === undefined ? { types: undefined } : readInstanceTypes(instanceTypes),
      readEmbodiedTable(embodiedTable),
      readPowerTable(powerTable),
    ]);
    if (number !== reads) return; // a later one says what is there now
    if ('issues' in types || 'issues' in embodied || 'issues' in power)
      return refuse([types, embodied, power].flatMap((read) => ('issues' in read ? read.issues : [])));
    good = { types: types.types, embodied: embodied.embodied, table: power.table };
    problem = undefined;
    onChange();
  }

  function refuse(mistakes: readonly string[]): void {
    const told = tellFew(mistakes, MOST_MISTAKES, itself).join('; ');
    if (told !== problem) log.error({ mistakes }, 'files of overlays not read; their last good version stays');
    problem = told;
    onChange();
  }

  return {
    current() {
      const { carbonPrice, mode, unknown = unknownByDefault(mode), compose, weights, utilisation } = section();
      if (carbonPrice === undefined) return { problem: NO_PRICE, isUnasked: true };
      if (!good) return { problem: problem ?? NOT_YET };
      return {
        settings: { carbonPrice, mode, unknown, compose, weights },
        embodied: good.embodied,
        table: good.table,
        utilisation: utilisation / 100,
        types: good.types,
      };
    },
    changed() {
      follow();
      onChange();
    },
    stop() {
      stopWatching();
      reads += 1;
    },
  };
}
