// English texts of the audit.
import { number, plural } from '../format.ts';

export const audit = {
  title: 'Audit',
  about: 'Every call that could change something, refused ones too. Each entry is chained to the one before.',
  columns: { time: 'When', who: 'Who', from: 'From', what: 'What', target: 'Target', outcome: 'Outcome' },
  who: 'Who',
  what: 'What',
  target: 'Target',
  from: 'From',
  to: 'To',
  outcome: 'Outcome',
  outcomes: { all: 'all', done: 'done', refused: 'refused' },
  kinds: {
    user: 'user',
    token: 'token',
    'admin-token': 'admin token',
    stranger: 'not signed in',
  } as Readonly<Record<string, string>>,
  done: 'done',
  refused: (status: number) => `refused ${status}`,
  none: 'No entry fits',
  noneText: 'Widen the time, or leave a field empty.',
  csv: 'CSV',
  verify: 'Check the chain',
  verifying: 'Reads all entries…',
  intact: (entries: number) =>
    plural(entries, { one: 'The chain is whole: # entry', other: 'The chain is whole: # entries' }),
  broken: (count: number) => plural(count, { one: '# place is not as it was', other: '# places are not as they were' }),
  unchained: (count: number) =>
    plural(count, { one: '# entry is of an older version', other: '# entries are of an older version' }),
  problems: {
    changed: 'was changed',
    missing: 'is missing',
    'not-linked': 'does not follow the one before',
    double: 'is there twice',
  },
  place: (seq: number) => `Entry ${number(seq)}`,
  code: 'Code',
  reason: 'Reason',
  seq: 'Place',
  suppressed: 'Refused sign-ins before it that were not kept',
  change: 'Before → after',
  field: 'Field',
  before: 'Before',
  after: 'After',
  noChange: 'No change is noted.',
};
