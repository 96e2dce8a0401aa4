// Writes Grafana's dashboards of what is described in test/watched/dashboards: `npm run dashboards`.
import { writeFileSync } from 'node:fs';
import { dashboardFiles, FOLDER } from './dashboards/all.ts';

for (const [name, text] of dashboardFiles()) writeFileSync(`${FOLDER}/${name}`, text);
