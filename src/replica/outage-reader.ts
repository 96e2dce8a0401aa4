import type { OutagePicture, OutageReader } from '../controllers/region-refresher/ask-sources.ts';
import { createFailureLog } from '../sources/asking/failure-log.ts';
import type { OutageBoard } from '../sources/outage/outage-board.ts';
import type { OutageSource } from '../sources/outage/source.ts';
import type { Log } from '../telemetry/log.ts';

const NOTHING_SAID: OutagePicture = { byRegion: new Map(), distrusted: false, called: 0 };

/** The outage board as the region refresher reads it; failing sources are logged when that changes. */
export function createOutageReader(board: OutageBoard, sources: readonly OutageSource[], log: Log): OutageReader {
  const tellFailures = createFailureLog('outages', log);
  return {
    async refresh(regions) {
      if (sources.length === 0) return NOTHING_SAID;
      await board.refresh(regions);
      const { distrusted = false, called = 0, failures = [] } = board.report() ?? {};
      tellFailures([...failures].map(([source, message]) => `${source}: ${message}`));
      return { byRegion: board.outages(), distrusted, called };
    },
    restore: board.restore,
  };
}
