// Types of the messages of H.323 (H.225.0): RAS, and call signalling in Q.931 with its User-User element. They follow from the descriptions in asn1/.
import type * as call from './asn1/call-signalling.ts';
import type * as common from './asn1/common.ts';
import type { rasMessage } from './asn1/ras.ts';
import type * as reasons from './asn1/reasons.ts';
import type * as security from './asn1/security.ts';
import type { ValueOf } from './per/schema.ts';

/** One of `{ registrationRequest: {...} }`, `{ registrationConfirm: {...} }` and so on; `'registrationRequest' in message` tells them apart. */
export type RasMessage = ValueOf<typeof rasMessage>;
type Keys<Union> = Union extends unknown ? keyof Union : never;
type Member<Union, Name> = Union extends { [Key in Name & string]: infer Value } ? Value : never;

type RasName = Exclude<Keys<RasMessage>, 'unknownAlternative'>;
/** Content of a message by its name, such as `Ras<'registrationRequest'>`. */
export type Ras<Name extends RasName> = Member<RasMessage, Name>;

/** `{ dialledDigits: '200' }`, `{ 'h323-ID': 'Ada' }`, `{ 'url-ID': 'h323:ada@a.test' }` and so on. */
export type AliasAddress = ValueOf<typeof common.aliasAddress>;
/** `{ ipAddress: { ip, port } }`, `{ ip6Address: { ip, port } }` and kinds that are out of use. */
export type TransportAddress = ValueOf<typeof common.transportAddress>;
export type EndpointType = ValueOf<typeof common.endpointType>;
export type VendorIdentifier = ValueOf<typeof common.vendorIdentifier>;
export type CryptoH323Token = ValueOf<typeof security.cryptoTokens>[number];

export type RegistrationRejectReason = ValueOf<typeof reasons.registrationRejectReason>;
export type AdmissionRejectReason = ValueOf<typeof reasons.admissionRejectReason>;
export type LocationRejectReason = ValueOf<typeof reasons.locationRejectReason>;
export type ReleaseCompleteReason = ValueOf<typeof reasons.releaseCompleteReason>;

/** Content of the User-User element; tunnelled H.245 is `h323-uu-pdu.h245Control`, as bytes. */
export type UserInformation = ValueOf<typeof call.userInformation>;
/** `{ setup: {...} }`, `{ alerting: {...} }` and so on, or `'empty'`. */
export type MessageBody = UserInformation['h323-uu-pdu']['h323-message-body'];
/** Content of a message body by its name, such as `BodyOf<'setup'>`. */
export type BodyOf<Name extends Keys<MessageBody>> = Member<MessageBody, Name>;

/** Message types of Q.931 that H.225.0 uses, by their code. H.225.0 7.2, Q.931 4.4 */
export const messageTypes = {
  alerting: 0x01,
  callProceeding: 0x02,
  progress: 0x03,
  setup: 0x05,
  connect: 0x07,
  setupAcknowledge: 0x0d,
  releaseComplete: 0x5a,
  facility: 0x62,
  notify: 0x6e,
  statusInquiry: 0x75,
  information: 0x7b,
  status: 0x7d,
} as const;

export type CallMessageType = keyof typeof messageTypes;

/** An information element that is passed on as it is; one of a single byte has no content. */
export interface InformationElement {
  readonly id: number;
  readonly content?: Buffer | undefined;
  /** Absent for codeset 0. */
  readonly codeset?: number | undefined;
}

/** Called or calling party number. Q.931 4.5.8, 4.5.10 */
export interface NumberElement {
  digits: string;
  /** Type of number in bits 7 to 5, plan in bits 4 to 1; 1 (type unknown, plan E.164) where it is left out. */
  typeAndPlan?: number | undefined;
  /** Presentation in bits 7 and 6, screening in bits 2 and 1; a calling number alone has it. */
  presentation?: number | undefined;
}

export interface CallMessage {
  type: CallMessageType;
  /** Of 15 bits, chosen by the side that makes the call. */
  callReference: number;
  /** Flag of the call reference: sent by the side that is called. */
  isFromDestination: boolean;
  /** Cause value of Q.850, such as 16 for normal clearing. */
  cause?: number | undefined;
  display?: string | undefined;
  calledNumber?: NumberElement | undefined;
  callingNumber?: NumberElement | undefined;
  /** Absent in a message without a User-User element. */
  user?: UserInformation | undefined;
  /** All other elements. */
  elements?: readonly InformationElement[] | undefined;
}
