import { ADMISSION } from './admission.ts';
import { BUDGETS } from './budgets.ts';
import { CONTROLLERS } from './controllers.ts';
import { dashboardObject } from './dashboard.ts';
import { OVERVIEW } from './overview.ts';
import { WAITING } from './waiting.ts';

export const FOLDER = 'manifests/dashboards';

/** The text of each file of the folder, by its name. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    [OVERVIEW, ADMISSION, WAITING, CONTROLLERS, BUDGETS].map((one) => [
      `${one.name}.json`,
      `${JSON.stringify(dashboardObject(one), null, 2)}\n`,
    ]),
  );
}
