// The print of `extension`: its columns by format, its keys of order, its totals.
import type { Extension } from '../../exchange/data.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { cell, columns, yesNo } from '../columns.ts';
import { featureOptions, numberOptions } from './extension-features.ts';

export const formats = ['long', 'short', 'features', 'numbers'];

/** Options by key of order, where they are no fields of their own. */
const keptKeys: Readonly<Record<string, string>> = {
  AMC: 'amc',
  AREACODE: 'area-code',
  BACKUP: 'backup-number',
  BLUSTAR: 'blustar-client-model',
  EDN: 'edn',
  FEATURELEVEL: 'feature-level',
  FREEONSECONDLINE: 'free-on-second-line',
  HOTLINENUMBER: 'hotline-number',
  HOTLINEOPTION: 'hotline-option',
  LANGUAGE: 'language-code',
  MAXCALLCOST: 'max-call-cost',
  SECRETARY: 'secretary',
  VIDEO: 'video',
};

const fieldKeys: Readonly<Record<string, (row: Extension) => string>> = {
  CSP: ({ csp }) => String(csp),
  CUSTOMER: ({ customer }) => String(customer),
  DIR: ({ dir }) => dir,
  LIM: ({ lim }) => String(lim),
  MAXTERMINALS: ({ maxTerminals }) => String(maxTerminals),
  SECURITYEXCEPTION: ({ securityException }) => yesNo(securityException),
  THIRDPARTYCLIENT: ({ thirdPartyClient }) => yesNo(thirdPartyClient),
};

export const sortKeys = [...Object.keys(keptKeys), ...Object.keys(fieldKeys)].sort();

/** Types that `--type` knows, of one extension. */
export function typesOf(exchange: Exchange, { dir, features }: Extension): string[] {
  const protocol = exchange.get('ipExtensions', dir)?.protocol;
  const terminals = protocol === undefined ? [] : protocol === 'SIP' ? ['sip', 'typed'] : ['sip', 'h323', 'typed'];
  const marked = ['edn', 'emergency', 'virtual'].filter(name => features?.[name] === 'yes');
  const types = [...terminals, ...marked];
  return types.length > 0 ? types : ['undefined'];
}

interface ExtensionColumns {
  heading: string[];
  cells(row: Extension): string[];
  key(row: Extension, sortKey: string): string;
}

export function extensionRow(exchange: Exchange, format: string): ExtensionColumns {
  const hasFeatures = format === 'long' || format === 'features';
  const hasNumbers = format === 'long' || format === 'numbers';
  const short = ['Dir', 'Customer', 'Lim', 'CSP', 'Security-Exception', 'Third-Party-Client', 'Max-Terminals', 'Type'];
  return {
    heading: [...short, ...(hasFeatures ? ['Features'] : []), ...(hasNumbers ? ['Numbers'] : [])],
    cells: row => [
      row.dir,
      String(row.customer),
      String(row.lim),
      String(row.csp),
      yesNo(row.securityException),
      yesNo(row.thirdPartyClient),
      String(row.maxTerminals),
      typesOf(exchange, row)
        .filter(type => type !== 'typed')
        .join(','),
      ...(hasFeatures ? [keptText(row, featureOptions)] : []),
      ...(hasNumbers ? [keptText(row, numberOptions)] : []),
    ],
    key: (row, sortKey) => fieldKeys[sortKey]?.(row) ?? row.features?.[keptKeys[sortKey] ?? ''] ?? '',
  };
}

function keptText({ features = {} }: Extension, options: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(features).filter(([name]) => Object.hasOwn(options, name));
  return cell(parts.map(([name, value]) => `${name}=${value}`).join(','));
}

export async function summaryLines(exchange: Exchange, rows: readonly Extension[]): Promise<string[]> {
  const lims = [...new Set(rows.map(({ lim }) => lim))].sort((a, b) => a - b);
  const line = (name: string, of: readonly Extension[]): string[] => {
    const types = of.map(row => typesOf(exchange, row));
    const count = (type: string): string => String(types.filter(list => list.includes(type)).length);
    return [name, String(of.length), count('sip'), count('h323'), count('undefined')];
  };
  const rowsOfLims = lims.map(lim =>
    line(
      String(lim),
      rows.filter(row => row.lim === lim),
    ),
  );
  return await columns(
    ['Lim', 'Extensions', 'SIP', 'H323', 'Undefined'],
    [...rowsOfLims, line('all', rows)],
    row => row,
  );
}
