import ownPackage from '../../../package.json' with { type: 'json' };
import type { AuditFormat } from '../../config/question-options.ts';
import { renderYaml as toYaml } from '../../terminal/render-data.ts';
import { escapeUnseen } from '../../units/legible.ts';
import { renderAuditTable } from './audit-table.ts';
import type { AuditReport } from './audited-workload.ts';
import { jsonPieces } from './json-pieces.ts';
import { renderJunit } from './render-junit.ts';
import { renderNames } from './render-names.ts';
import { renderSarif } from './render-sarif.ts';

/** A report in pieces, so that 100,000 workloads never are one text; a table takes `width` columns, and says so where all regions are a guess. */
export function renderAudit(
  report: AuditReport,
  format: AuditFormat,
  { width, isGuess = false }: { readonly width: number; readonly isGuess?: boolean },
): Iterable<string> {
  switch (format) {
    case 'table':
      return renderAuditTable(report, width, isGuess);
    case 'wide':
      return renderAuditTable(report, Number.POSITIVE_INFINITY, isGuess);
    case 'name':
      return renderNames(report);
    case 'json':
      return escaped(renderJson(report), 'json');
    case 'yaml':
      return renderYaml(report);
    case 'sarif':
      return escaped(renderSarif(report, ownPackage.version), 'json');
    case 'junit':
      return escaped(renderJunit(report), 'xml');
  }
}

function* renderJson(report: AuditReport): Iterable<string> {
  yield* jsonPieces(report);
  yield '\n';
}

/** Entry by entry of its lists: what one list of all would be, since every entry is indented alike. */
function* renderYaml(report: AuditReport): Iterable<string> {
  for (const [name, value] of Object.entries(report)) {
    if (!Array.isArray(value) || value.length === 0) yield toYaml({ [name]: value });
    else {
      yield `${name}:\n`;
      for (const entry of value) yield toYaml({ [name]: [entry] }).slice(name.length + 2);
    }
  }
}

function* escaped(pieces: Iterable<string>, format: 'json' | 'xml'): Iterable<string> {
  for (const piece of pieces) yield escapeUnseen(piece, format);
}
