// Messages of H.225.0 as a terminal sends them.
import type { CallMessage, EndpointType, RasMessage, TransportAddress } from '../../../pbx/h323/messages.ts';

export const protocolIdentifier = '0.0.8.2250.0.7';
export const conferenceID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const callIdentifier = { guid: Buffer.from('ffeeddccbbaa99887766554433221100', 'hex') };

export const address = (port: number): TransportAddress => ({ ipAddress: { ip: Buffer.of(127, 0, 0, 1), port } });

export const vendor = {
  vendor: { t35CountryCode: 181, t35Extension: 0, manufacturerCode: 21_324 },
  productId: Buffer.from('Terminal'),
  versionId: Buffer.from('1.0'),
};

const terminal: EndpointType = { vendor, terminal: {}, mc: false, undefinedNode: false };

export const registration = (requestSeqNum: number, digits: string): RasMessage => ({
  registrationRequest: {
    requestSeqNum,
    protocolIdentifier,
    discoveryComplete: false,
    callSignalAddress: [address(1720)],
    rasAddress: [address(1719)],
    terminalType: terminal,
    terminalAlias: [{ dialledDigits: digits }, { 'h323-ID': `Terminal ${digits}` }],
    endpointVendor: vendor,
    timeToLive: 60,
    keepAlive: false,
    willSupplyUUIEs: false,
    maintainConnection: false,
  },
});

export const setup = (callReference: number, from: string, to: string): CallMessage => ({
  type: 'setup',
  callReference,
  isFromDestination: false,
  display: 'Ada',
  callingNumber: { digits: from, presentation: 0 },
  calledNumber: { digits: to },
  // Speech, circuit mode, 64 kbit/s, H.221 and H.242.
  elements: [{ id: 0x04, content: Buffer.from('8890a5', 'hex') }],
  user: {
    'h323-uu-pdu': {
      'h323-message-body': {
        setup: {
          protocolIdentifier,
          sourceAddress: [{ dialledDigits: from }],
          sourceInfo: terminal,
          destinationAddress: [{ dialledDigits: to }],
          activeMC: false,
          conferenceID,
          conferenceGoal: 'create',
          callType: 'pointToPoint',
          sourceCallSignalAddress: address(1720),
          callIdentifier,
          mediaWaitForConnect: false,
          canOverlapSend: false,
          // Offers G.711 A-law, with RTCP at port 40001.
          fastStart: [Buffer.from('0000000c2013800a040001007f0000019c41', 'hex')],
        },
      },
      h245Tunnelling: true,
    },
  },
});

export const connect = (callReference: number): CallMessage => ({
  type: 'connect',
  callReference,
  isFromDestination: true,
  elements: [],
  user: {
    'h323-uu-pdu': {
      'h323-message-body': {
        connect: {
          protocolIdentifier,
          h245Address: address(30_000),
          destinationInfo: terminal,
          conferenceID,
          callIdentifier,
        },
      },
      h245Tunnelling: true,
    },
  },
});
