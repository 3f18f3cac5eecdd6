// The notifications of the unit: one table of every text that a service reports through Nlm, with its number and severity.
// Numbers below 9000 and their texts are the vendor's (voice security notes). The vendor's other numbers are not public:
// those from 9000 up, with their texts and severities, are ours.
import { clip } from '../shared/clip.ts';

export type Severity = 'Debug' | 'Info' | 'Warning' | 'Error' | 'Critical';

interface Notification {
  /** DGW service that reports it, whose MinSeverity counts. */
  readonly service: string;
  /** Number within the service; 0: the vendor's number is not public, and the text is the whole line. */
  readonly number: number;
  readonly severity: Severity;
  /** `{name}` stands for a fact. */
  readonly text: string;
}

/** First number of those that are ours. */
const OURS = 9000;

export const notifications = {
  // SIP: connections and servers.
  tlsReady: {
    service: 'SipEp',
    number: 303,
    severity: 'Info',
    text: 'TLS connection with remote host {server} is now ready to be used for SIP gateway {gateway}.',
  },
  serverReachable: {
    service: 'SipEp',
    number: 310,
    severity: 'Info',
    text: 'Server {server} is now reachable for SIP gateway {gateway}.',
  },
  wrongKeyManagement: {
    service: 'SipEp',
    number: 0,
    severity: 'Warning',
    text: 'SdpTools [D3A2] Received the wrong key management protocol. Secure stream disabled.',
  },
  connecting: {
    service: 'SipEp',
    number: 9001,
    severity: 'Info',
    text: 'Establishing persistent connection with remote host {server} for SIP gateway {gateway}.',
  },
  connectionFailed: {
    service: 'SipEp',
    number: 9002,
    severity: 'Warning',
    text: 'Persistent connection with remote host {server} failed for SIP gateway {gateway}: {reason}.',
  },
  connectionLost: {
    service: 'SipEp',
    number: 9003,
    severity: 'Warning',
    text: 'Persistent connection with remote host {server} lost for SIP gateway {gateway}: {reason}.',
  },
  certificateRefused: {
    service: 'SipEp',
    number: 9004,
    severity: 'Error',
    text: 'Certificate of remote host {server} refused for SIP gateway {gateway}: {reason}.',
  },
  clientCertificateMissing: {
    service: 'SipEp',
    number: 9005,
    severity: 'Error',
    text: 'Remote host {server} asks for a certificate, and no Host certificate is associated with SIP, for SIP gateway {gateway}.',
  },
  hostCertificateMissing: {
    service: 'SipEp',
    number: 9006,
    severity: 'Warning',
    text: 'No Host certificate is associated with SIP: SIP gateway {gateway} accepts no TLS connection.',
  },
  serverUnreachable: {
    service: 'SipEp',
    number: 9007,
    severity: 'Warning',
    text: 'Server {server} is not reachable for SIP gateway {gateway}: {reason}.',
  },
  // SIP: registrations and the gateway itself.
  registered: {
    service: 'SipEp',
    number: 9011,
    severity: 'Info',
    text: 'Registration of {user} established for SIP gateway {gateway}.',
  },
  registrationFailed: {
    service: 'SipEp',
    number: 9012,
    severity: 'Warning',
    text: 'Registration of {user} failed for SIP gateway {gateway}: {state}.',
  },
  registrationLost: {
    service: 'SipEp',
    number: 9013,
    severity: 'Warning',
    text: 'Registration of {user} lost for SIP gateway {gateway}: {state}.',
  },
  registrationLimit: {
    service: 'SipEp',
    number: 9022,
    severity: 'Error',
    text: 'Registrations left out: {surplus} more than the limit of {limit}.',
  },
  noTransport: {
    service: 'SipEp',
    number: 9023,
    severity: 'Error',
    text: 'SIP gateway {gateway} has no transport: UDP, TCP and TLS are disabled.',
  },
  portInUse: {
    service: 'SipEp',
    number: 9024,
    severity: 'Error',
    text: 'SIP gateway {gateway} cannot use port {port}: {reason}.',
  },
  // SIP: calls.
  secureWithoutTls: {
    service: 'SipEp',
    number: 9031,
    severity: 'Warning',
    text: 'Media of SIP gateway {gateway} is secured but its signalling is not: the keys can be read on the way.',
  },
  callFailed: {
    service: 'SipEp',
    number: 9032,
    severity: 'Warning',
    text: 'Call of {user} to {peer} failed: {reason}.',
  },
  callRefused: {
    service: 'SipEp',
    number: 9033,
    severity: 'Warning',
    text: 'Call from {peer} refused: {reason}.',
  },
  callLost: {
    service: 'SipEp',
    number: 9034,
    severity: 'Warning',
    text: 'Call of {user} with {peer} given up: {reason}.',
  },
  mediaNotAuthentic: {
    service: 'SipEp',
    number: 9035,
    severity: 'Warning',
    text: 'Media of the call of {user} with {peer}: {count} packets failed authentication.',
  },
  // The other services.
  sessionFailed: {
    service: 'Cwmp',
    number: 9001,
    severity: 'Warning',
    text: 'Session with the ACS failed: {reason}.',
  },
  sessionRestored: {
    service: 'Cwmp',
    number: 9002,
    severity: 'Info',
    text: 'Sessions with the ACS succeed.',
  },
  scriptExecuted: {
    service: 'Conf',
    number: 9001,
    severity: 'Info',
    text: 'Configuration script executed: {statements} statements.',
  },
  scriptFailed: {
    service: 'Conf',
    number: 9002,
    severity: 'Error',
    text: 'Configuration script failed: {reason}.',
  },
  scriptUnchanged: {
    service: 'Conf',
    number: 9003,
    severity: 'Info',
    text: 'Configuration script of {origin} not executed: it is identical to the last one.',
  },
  scriptTransferFailed: {
    service: 'Conf',
    number: 9004,
    severity: 'Error',
    text: 'Transfer of the configuration script {url} failed: {reason}.',
  },
  scriptExported: {
    service: 'Conf',
    number: 9005,
    severity: 'Info',
    text: 'Configuration script exported to {url}.',
  },
  scriptExportFailed: {
    service: 'Conf',
    number: 9006,
    severity: 'Error',
    text: 'Export of the configuration script failed: {reason}.',
  },
  imageBackedUp: {
    service: 'Conf',
    number: 9007,
    severity: 'Info',
    text: 'Backup image sent to {url}.',
  },
  imageBackupFailed: {
    service: 'Conf',
    number: 9008,
    severity: 'Error',
    text: 'Backup of the configuration failed: {reason}.',
  },
  imageRestored: {
    service: 'Conf',
    number: 9009,
    severity: 'Info',
    text: 'Configuration restored from a backup image.',
  },
  imageRestoreFailed: {
    service: 'Conf',
    number: 9010,
    severity: 'Error',
    text: 'Restore of the configuration failed: {reason}.',
  },
  firmwareReceived: {
    service: 'Fpu',
    number: 9001,
    severity: 'Info',
    text: 'Firmware pack {version} received; it runs from the next restart on.',
  },
  firmwareRefused: {
    service: 'Fpu',
    number: 9002,
    severity: 'Error',
    text: 'Firmware pack refused: {reason}.',
  },
  firmwareTransferFailed: {
    service: 'Fpu',
    number: 9003,
    severity: 'Error',
    text: 'Transfer of the firmware pack {url} failed: {reason}.',
  },
  firmwareStarted: {
    service: 'Fpu',
    number: 9004,
    severity: 'Info',
    text: 'Firmware pack {version} started.',
  },
  firmwareRescued: {
    service: 'Fpu',
    number: 9005,
    severity: 'Critical',
    text: 'Firmware pack {version} does not start: the unit runs {running} from the recovery bank.',
  },
  firmwareRollback: {
    service: 'Fpu',
    number: 9006,
    severity: 'Info',
    text: 'Rollback to firmware pack {version} ordered.',
  },
  certificateInstalled: {
    service: 'Cert',
    number: 9001,
    severity: 'Info',
    text: 'Certificate {name} installed.',
  },
  certificateExpiring: {
    service: 'Cert',
    number: 9002,
    severity: 'Warning',
    text: 'Certificate {name} expires on {date}.',
  },
  certificateExpired: {
    service: 'Cert',
    number: 9003,
    severity: 'Error',
    text: 'Certificate {name} expired on {date}.',
  },
  certificateNotYetValid: {
    service: 'Cert',
    number: 9004,
    severity: 'Warning',
    text: 'Certificate {name} is not valid before {date}.',
  },
  clockSet: {
    service: 'Hoc',
    number: 9001,
    severity: 'Info',
    text: 'Time synchronized with {server}.',
  },
  clockNotSet: {
    service: 'Hoc',
    number: 9002,
    severity: 'Warning',
    text: 'Time not synchronized: no SNTP server answers.',
  },
  serviceStarted: {
    service: 'Scm',
    number: 9001,
    severity: 'Info',
    text: 'Service {service} started.',
  },
  serviceStopped: {
    service: 'Scm',
    number: 9002,
    severity: 'Info',
    text: 'Service {service} stopped.',
  },
} as const satisfies Readonly<Record<string, Notification>>;

export type NotificationName = keyof typeof notifications;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** The facts that fill the text of a notification. */
export type FactsOf<Name extends NotificationName> = Readonly<
  Record<Placeholders<(typeof notifications)[Name]['text']>, string | number>
>;

/** Reports a notification; a service that is silenced, or that no row of Nlm.Events selects, reports nothing. */
export type Notify = <Name extends NotificationName>(name: Name, facts: FactsOf<Name>) => void;

/** Characters of a fact: some come from the network. */
const MAX_FACT = 300;

/** The text with its facts; a full stop at the end of a fact gives way to that of the sentence. */
export function notificationText<Name extends NotificationName>(name: Name, facts: FactsOf<Name>): string {
  const values: Readonly<Record<string, string | number>> = facts;
  return notifications[name].text.replace(/\{(\w+)\}/g, (_whole, fact: string) =>
    clip(String(values[fact] ?? ''), MAX_FACT).replace(/\.$/, ''),
  );
}

/** True for a notification whose number or text the vendor's notes give. */
export const isVendors = (name: NotificationName): boolean => notifications[name].number < OURS;
