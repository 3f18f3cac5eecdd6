// German texts of the faults.
import type { Catalogue } from '../../catalogue.ts';
import { plural } from '../../format.ts';

export const faults: Catalogue['faults'] = {
  title: (count, groups) => plural(count, { one: `# Störung in ${groups}`, other: `# Störungen in ${groups}` }),
  groups: count => plural(count, { one: '# Gruppe', other: '# Gruppen' }),
  about: (devices, all) =>
    plural(devices, {
      one: `Auf # von ${all} Geräten. Eine Störung hält ein Gerät von dem ab, was gewünscht ist; sie wird von selbst neu versucht.`,
      other: `Auf # von ${all} Geräten. Eine Störung hält ein Gerät von dem ab, was gewünscht ist; sie wird von selbst neu versucht.`,
    }),
  none: 'Keine Störungen',
  noneText: devices =>
    plural(devices, {
      one: '# Gerät ist, wie es sein soll, oder wartet.',
      other: '# Geräte sind, wie sie sein sollen, oder warten.',
    }),
  noneFits: 'Keine Störung passt',
  noneFitsText: 'Andere vielleicht: Sehen Sie alle an.',
  showAll: 'Alle Störungen',
  mutedAll: 'Alle passenden Gruppen sind stumm',
  groupBy: 'Gruppieren nach',
  by: {
    '': 'Ursache, Code, Parameter',
    code: 'Code',
    cause: 'Ursache',
    parameter: 'Parameter',
    'site.name': 'Standort',
    firmware: 'Firmware',
    product: 'Produkt',
  },
  kinds: 'Arten',
  kind: { all: 'Alle', today: 'Neu heute', drift: 'Abweichung', muted: 'Stumm' },
  retryAll: 'Alle noch einmal …',
  csv: 'CSV',
  groupsLabel: 'Gruppen',
  since: age => `seit ${age}`,
  last: age => `zuletzt vor ${age}`,
  firmwares: count => plural(count, { one: '# Firmware', other: '# Firmwares' }),
  more: (groups, faults) => plural(groups, { one: `# weitere, ${faults}`, other: `# weitere, ${faults}` }),
  moreFaults: count => plural(count, { one: '# Störung', other: '# Störungen' }),
  narrowDown: 'Ein engerer Filter zeigt sie.',
  fresh: count =>
    plural(count, {
      one: '# Gruppe ist neu oder hat sich verschoben',
      other: '# Gruppen sind neu oder haben sich verschoben',
    }),
  show: 'Zeigen',
  gone: 'vorbei',
  inCommonProduct: (others, product) => `Gemeinsam, verglichen mit den ${others} ${product} ohne sie`,
  inCommonAll: others => `Gemeinsam, verglichen mit ${others} anderen`,
  noComparison: 'Alle Geräte haben sie: Es gibt keine zum Vergleich.',
  nothingInCommon: 'Kein Wert ist bei ihnen häufiger, als der Zufall es erklärt.',
  of: (n, all) => `${n} von ${all}`,
  without: 'bei denen ohne',
  fields: {
    productClass: 'Produkt',
    firmware: 'Firmware',
    hardware: 'Hardware',
    manufacturer: 'Hersteller',
    oui: 'OUI',
    tag: 'Tag',
    addressRange: 'Adressen',
    certificate: 'Zertifikat',
  },
  firstOnes: 'Die ersten',
  restOf: count => plural(count, { one: '# weiteres', other: '# weitere' }),
  openDevices: 'Als Geräte öffnen',
  retry: count => plural(count, { one: '# noch einmal …', other: '# noch einmal …' }),
  openPreset: name => `${name} öffnen`,
  narrow: name => `${name} einengen …`,
  mute: 'Stummschalten …',
  unmute: 'Wieder zeigen',
  mutedUntil: time => `stumm bis ${time}`,
  retryTitle: count =>
    plural(count, { one: '# Störung noch einmal versuchen', other: '# Störungen noch einmal versuchen' }),
  retryText:
    'Die Störungen werden gelöscht. Jedes Gerät versucht es in seiner nächsten Sitzung noch einmal und wird dafür nicht geweckt.',
  retryAction: 'Noch einmal versuchen',
  retried: count =>
    plural(count, {
      one: '# Störung gelöscht; ihr Gerät versucht es noch einmal',
      other: '# Störungen gelöscht; ihre Geräte versuchen es noch einmal',
    }),
  muteTitle: 'Diese Gruppe stummschalten',
  muteText: 'Sie fehlt bis dahin in der Liste, in diesem Browser. Zahlen und Alarme bleiben, wie sie sind.',
  muteFor: 'Bis',
  muteSpans: { hour: 'in einer Stunde', shift: 'in 8 Stunden', day: 'in einem Tag', week: 'in einer Woche' },
  muteAction: 'Stummschalten',
  narrowTitle: name => `${name} einengen`,
  narrowText: count =>
    plural(count, {
      one: '# Gerät verlässt die Vorgabe. Was sie gesetzt hat, bleibt auf dem Gerät.',
      other: '# Geräte verlassen die Vorgabe. Was sie gesetzt hat, bleibt auf ihnen.',
    }),
  before: 'Filter jetzt',
  after: 'Filter dann',
  everyDevice: 'jedes Gerät',
  narrowNone: 'Ihr bliebe kein Gerät.',
  narrowAction: 'Vorgabe einengen',
  narrowed: name => `${name} ist eingeengt`,
  toPreset: 'Vorgabe öffnen',
};
