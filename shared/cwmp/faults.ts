// CWMP faults: the standard codes of TR-069 A.5 and the error that becomes a SOAP fault where the reply is formed.
import { clip, MAX_TEXT } from '../clip.ts';
import type { Namespace } from './versions.ts';

export interface FaultSpec {
  /** The side that sends it. */
  readonly side: 'cpe' | 'acs';
  /** The side in error (SOAP 1.1 4.4.1): the requester or the responder. */
  readonly faultcode: 'Client' | 'Server';
  readonly text: string;
}

const cpe = (faultcode: 'Client' | 'Server', text: string): FaultSpec => ({ side: 'cpe', faultcode, text });
const acs = (faultcode: 'Client' | 'Server', text: string): FaultSpec => ({ side: 'acs', faultcode, text });

/** TR-069 A.5.1 Table 87 and A.5.2 Table 88. */
export const faults: ReadonlyMap<number, FaultSpec> = new Map([
  [8000, acs('Server', 'Method not supported')],
  [8001, acs('Server', 'Request denied')],
  [8002, acs('Server', 'Internal error')],
  [8003, acs('Client', 'Invalid arguments')],
  [8004, acs('Server', 'Resources exceeded')],
  [8005, acs('Server', 'Retry request')],
  [8006, acs('Server', 'ACS version incompatible with CPE')],
  [9000, cpe('Server', 'Method not supported')],
  [9001, cpe('Server', 'Request denied')],
  [9002, cpe('Server', 'Internal error')],
  [9003, cpe('Client', 'Invalid arguments')],
  [9004, cpe('Server', 'Resources exceeded')],
  [9005, cpe('Client', 'Invalid parameter name')],
  [9006, cpe('Client', 'Invalid parameter type')],
  [9007, cpe('Client', 'Invalid parameter value')],
  [9008, cpe('Client', 'Attempt to set a non-writable parameter')],
  [9009, cpe('Client', 'Notification request rejected')],
  [9010, cpe('Server', 'File transfer failure')],
  [9011, cpe('Server', 'Upload failure')],
  [9012, cpe('Server', 'File transfer server authentication failure')],
  [9013, cpe('Client', 'Unsupported protocol for file transfer')],
  [9014, cpe('Server', 'File transfer failure: unable to join multicast group')],
  [9015, cpe('Server', 'File transfer failure: unable to contact file server')],
  [9016, cpe('Server', 'File transfer failure: unable to access file')],
  [9017, cpe('Server', 'File transfer failure: unable to complete download')],
  [9018, cpe('Server', 'File transfer failure: file corrupted')],
  [9019, cpe('Server', 'File transfer failure: file authentication failure')],
  [9020, cpe('Server', 'File transfer failure: unable to complete within specified time windows')],
  [9021, cpe('Client', 'Cancelation of file transfer not permitted in current transfer state')],
  [9022, cpe('Client', 'Invalid UUID format')],
  [9023, cpe('Client', 'Unknown execution environment')],
  [9024, cpe('Client', 'Disabled execution environment')],
  [9025, cpe('Client', 'Deployment unit to execution environment mismatch')],
  [9026, cpe('Client', 'Duplicate deployment unit')],
  [9027, cpe('Server', 'System resources exceeded')],
  [9028, cpe('Client', 'Unknown deployment unit')],
  [9029, cpe('Client', 'Invalid deployment unit state')],
  [9030, cpe('Client', 'Invalid deployment unit update: downgrade not permitted')],
  [9031, cpe('Client', 'Invalid deployment unit update: version not specified')],
  [9032, cpe('Client', 'Invalid deployment unit update: version already exists')],
]);

/** The standard text of a code; a plain word for reserved and vendor ones. */
export function faultText(code: number): string {
  return faults.get(code)?.text ?? (code % 1000 >= 800 ? 'Vendor-specific fault' : 'Unknown fault');
}

/** Client for an error of the requester; an undefined code counts as the responder's own. */
export function faultSide(code: number): 'Client' | 'Server' {
  return faults.get(code)?.faultcode ?? 'Server';
}

/** The place of a fault code in a message: each has its own list of allowed codes. */
type CodePlace = 'fault' | 'parameter' | 'transfer' | 'deploymentUnit';

const within = (code: number, low: number, high: number): boolean => code >= low && code <= high;

/** The codes that the schemas allow at each place; later versions added codes, so the namespace counts. */
function allowed(namespace: Namespace, code: number, place: CodePlace): boolean {
  if (place === 'deploymentUnit') return DEPLOYMENT_UNIT_CODES.has(code) || within(code, 9033, 9899);
  if (place === 'transfer') {
    if (code === 0 || TRANSFER_CODES.has(code)) return true;
    if (namespace === '1-0') return false;
    return within(code, 9014, 9020) || within(code, namespace === '1-1' ? 9021 : 9033, 9899);
  }
  if (namespace !== '1-0') return within(code, 9000, 9899) || (place === 'fault' && within(code, 8000, 8899));
  if (within(code, 9000, 9013) || within(code, 9800, 9899)) return true;
  return place === 'fault' && (within(code, 8000, 8005) || within(code, 8800, 8899));
}

const TRANSFER_CODES: ReadonlySet<number> = new Set([9001, 9002, 9010, 9011, 9012]);
const DEPLOYMENT_UNIT_CODES: ReadonlySet<number> = new Set([
  0, 9001, 9003, 9012, 9013, 9015, 9016, 9017, 9018, 9022, 9023, 9024, 9025, 9026, 9027, 9028, 9029, 9030, 9031, 9032,
]);

/** The code to send: itself where the peer's version allows it there, else the general one of its family. */
export function codeFor(namespace: Namespace, code: number, place: CodePlace): number {
  if (allowed(namespace, code, place)) return code;
  if (place === 'deploymentUnit') return 9001;
  if (within(code, 9010, 9020)) return 9010;
  return place === 'fault' && within(code, 8000, 8999) ? 8002 : 9002;
}

/** One parameter of a refused SetParameterValues (TR-069 A.3.2.1). */
export interface ParameterFault {
  name: string;
  code: number;
  message: string;
}

const isLong = ({ name, message }: ParameterFault): boolean => name.length > MAX_TEXT || message.length > MAX_TEXT;
const clipped = ({ name, code, message }: ParameterFault): ParameterFault => ({
  name: clip(name),
  code,
  message: clip(message),
});

/** A fault to be answered, or one that was received: thrown anywhere, turned into SOAP in one place. */
export class CwmpFault extends Error {
  override readonly name = 'CwmpFault';
  readonly code: number;
  readonly parameters: ParameterFault[];

  constructor(code: number, message: string = faultText(code), parameters: ParameterFault[] = []) {
    super(clip(message));
    this.code = code;
    this.parameters = parameters.some(isLong) ? parameters.map(clipped) : parameters;
  }
}
