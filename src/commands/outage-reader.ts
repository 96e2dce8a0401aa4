import type { OutagePicture, OutageReader } from '../controllers/region-refresher/ask-sources.ts';
import type { OutageBoard } from '../signals/outage/outage-board.ts';
import type { OutageSource } from '../signals/outage/source.ts';
import type { Log } from '../telemetry/log.ts';

const NOTHING_SAID: OutagePicture = { byRegion: new Map(), distrusted: false, called: 0 };

/** The outage board as the region refresher reads it; failing sources are logged when that changes. */
export function createOutageReader(board: OutageBoard, sources: readonly OutageSource[], log: Log): OutageReader {
  let told = '';

  function tellFailures(): void {
    const failures = [...(board.report()?.failures ?? [])].map(([source, message]) => `${source}: ${message}`);
    const text = failures.join('; ');
    if (text !== told && text !== '') log.warn({ failures }, 'sources of outages failed');
    if (text !== told && text === '') log.info('every source of outages works again');
    told = text;
  }

  return {
    async refresh(regions) {
      if (sources.length === 0) return NOTHING_SAID;
      await board.refresh(regions);
      tellFailures();
      const { distrusted = false, called = 0 } = board.report() ?? {};
      return { byRegion: board.outages(), distrusted, called };
    },
    restore: board.restore,
  };
}
