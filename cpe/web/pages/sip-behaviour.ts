// The pages SIP/Interop and SIP/Misc: how the unit behaves towards servers of other makers, and the rest of its SIP settings.
import { form, table } from '../render/part.ts';
import type { Page } from './page.ts';

const of = (...names: readonly string[]): string[] => names.map(name => `SipEp.${name}`);

const interop: Page = {
  path: '/sip/interop',
  menu: 'SIP',
  tab: 'Interop',
  parts: [
    form(
      'SIP Interop',
      of(
        'InteropTransmissionTimeout',
        'InteropTcpConnectTimeout',
        'InteropMaxForwardsValue',
        'InteropSymmetricUdpSourcePortEnable',
        'InteropSendUaHeaderEnable',
        'InteropUaHeaderFormat',
        'InteropRegisterHomeDomainOverride',
        'InteropRegistrationContactMatching',
        'InteropRegistrationDelayValue',
        'InteropSipOptionsMethodSupport',
        'InteropIgnoreSipOptionsOnNoUsuableEndpoints',
        'InteropKeepAliveOptionFormat',
        'InteropIgnoreRequireHeaderEnable',
        'InteropResolveRouteHeaderEnable',
        'InteropAckBranchMatching',
        'InteropLockDnsSrvRecordPerCallEnable',
        'InteropForceDnsNaptrInTls',
        'InteropDefaultUsernameValue',
        'InteropSipUriUserParameterValue',
        'InteropSipContactDisplayNamePresence',
        'InteropEscapePoundInSipUriUsername',
        'InteropEscapeFormat',
        'InteropIgnorePlusInUsername',
        'InteropMapPlusToTonInternational',
        'InteropSiemensTransportHeaderEnable',
        'InteropBehaviorOnMachineDetection',
      ),
    ),
    form(
      'SDP Interop',
      of(
        'InteropEnforceOfferAnswerModel',
        'InteropAllowLessMediaInResponse',
        'InteropAllowMultipleActiveMediaInAnswer',
        'InteropAllowMediaReactivationInAnswer',
        'InteropAllowAudioAndImageNegotiation',
        'InteropRejectCodeForUnsupportedSdpOffer',
        'InteropSdpDirectionAttributeEnable',
        'InteropSdpDirectionAttributeLevel',
        'InteropSdpDetectPeerDirectionAttributeSupportEnable',
        'InteropOnHoldSdpConnectionAddress',
        'InteropOnHoldSdpStreamDirection',
        'InteropOnHoldAnswerSdpStreamDirection',
        'InteropSdpOriginLineSessionIdAndVersionMaxLength',
        'InteropIncrementSdpVersionWhenModified',
        'InteropUseDtmfPayloadTypeFoundInAnswer',
        'InteropSdpT38ParametersEncoding',
        'InteropReInviteForVoiceOn606NotAcceptable',
        'InteropSdpPTimeAttribute',
        'InteropSdpPTimeAttributeValue',
        'InteropListenForEarlyRtpEnable',
        'InteropLocalRingOnProvisionalResponse',
      ),
    ),
    form('TLS Interop', of('InteropTlsCertificateValidation', 'InteropTlsClientAuthenticationEnable')),
    table('Answers to a refused T.38 INVITE', 'SipEp.BehaviorOnT38InviteNotAccepted', ['SipErrorCode', 'Behavior']),
  ],
};

const misc: Page = {
  path: '/sip/misc',
  menu: 'SIP',
  tab: 'Misc',
  parts: [
    form(
      'Session Refresh',
      of(
        'DefaultSessionTimerEnable',
        'DefaultSessionTimerMinimumExpirationDelay',
        'DefaultSessionTimerMaximumExpirationDelay',
        'SessionRefreshRequestMethod',
      ),
    ),
    form('PRACK', of('UasPrackSupport', 'UacPrackSupport')),
    form('Failover', of('DefaultSipFailoverConditions', 'PenaltyBoxEnable', 'PenaltyBoxTime', 'ReasonHeaderSupport')),
    table('Gateway Specific Failover', 'SipEp.GwSpecificFailover', [
      'GatewayName',
      'EnableConfig',
      'SipFailoverConditions',
    ]),
    form('DNS', of('SupportedDnsQueries', 'DnsFailureConcealment', 'DnsIpVersion')),
    form(
      'Transfer',
      of(
        'BlindTransferMethod',
        'ReferredByHeader',
        'ReferToHeaderUriSource',
        'InteropWaitConfirmedDialogForBlindTransfer',
        'InteropPendingBlindTransferTimeout',
      ),
    ),
    table('Diversion', 'SipEp.DiversionConfig', ['GatewayName', 'Method']),
    table('Event Handling', 'SipEp.GwEventHandling', ['GatewayName', 'Reboot', 'CheckSync']),
    form('Conference', of('DefaultStaticConferenceServerUri')),
    table('Gateway Specific Conference', 'SipEp.GwSpecificConference', ['GatewayName', 'EnableConfig', 'ServerUri']),
    table('Advice of Charge', 'SipEp.AocConfig', ['GatewayName', 'AocDSupport', 'AocESupport']),
    table('Error Mapping SIP to Cause', 'SipEp.ErrorMappingSipToCause', ['SipCode', 'Cause'], {
      add: ['SipCode'],
      hasDelete: true,
    }),
    table('Error Mapping Cause to SIP', 'SipEp.ErrorMappingCauseToSip', ['Cause', 'SipCode'], {
      add: ['Cause'],
      hasDelete: true,
    }),
    form(
      'Additional',
      of(
        'DefaultUsernameInRequestUriEnable',
        'DefaultOutboundPriorityCallRouting',
        'SipMessageSupport',
        'UasKpmlSupport',
        'AnswerCodecNegotiation',
        'MediaSecurityAgreementEnable',
        'PrivacyHeadersInResponse',
      ),
    ),
  ],
};

export const sipBehaviourPages: readonly Page[] = [interop, misc];
