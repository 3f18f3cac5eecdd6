// German texts of the page that shows how a gateway gets in.
import type { Catalogue } from '../catalogue.ts';

export const connect: Catalogue['connect'] = {
  title: 'Ein Gateway verbinden',
  intro: 'Ein Gateway braucht drei Dinge: die Adresse dieses Servers, eine CA, der es vertraut, und ein Login.',
  announce: '1. Ankündigen',
  announceText: 'Ein angekündigtes Gerät ist aufgenommen, sobald es mit dem Login kommt, das hier gemacht wird.',
  announceButton: 'Ankündigen',
  fields: { oui: 'OUI', product: 'Produktklasse', serial: 'Seriennummer' },
  mayNot: 'Ihre Rolle darf keine Geräte ankündigen.',
  arrivals: '3. Zusehen, wie es kommt',
  waiting: 'Noch ist kein Gerät gekommen',
  waitingText: 'Es erscheint hier von selbst, sobald sein erstes Inform da ist.',
  commands: '2. Adresse, CA und Login geben',
  announceFirst: 'Kündigen Sie zuerst ein Gerät an: Dann steht hier der Befehl dafür, mit seinem Login.',
  simulated: 'Ein simuliertes Gateway, im Ordner dieses Projekts',
  ca: 'Die CA dieses Servers',
  caText:
    'Eine Einheit vertraut ihr, sobald sie unter ihren Zertifikaten ist. Für den Befehl oben als ca.pem speichern.',
  caDownload: 'ca.pem herunterladen',
  caCopy: 'Zertifikat kopieren',
  dhcp: 'Eine echte Einheit über DHCP',
  dhcpText: 'Option 43 von dnsmasq. Die Einheit braucht auch die Zeit (Option 42), die CA und ein Login.',
  unitScript: 'Eine echte Einheit über ein Konfigurationsskript',
  unitScriptText: 'In ihre Skript-Seite einfügen; die CA kommt zu ihren Zertifikaten.',
  copyOf: what => `Kopieren: ${what}`,
};
