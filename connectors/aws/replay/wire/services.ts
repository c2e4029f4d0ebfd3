import { type Operation, operationsOf } from './shape.ts';

export type Protocol = 'json' | 'rest-json' | 'rest-xml' | 'query' | 'ec2';

/** One API as the server speaks it. `service` is the name that evidence uses: the IAM prefix, but for the older of two that share one. */
export interface Service {
  readonly service: string;
  /** The name that requests are signed with, where it is another. */
  readonly signed?: string;
  readonly protocol: Protocol;
  /** Tells two APIs of one signing name apart: the `Version` of a form. */
  readonly version?: string;
  readonly contentType: string;
  readonly namespace?: string;
  readonly load: () => Promise<object>;
}

const JSON_1_1 = 'application/x-amz-json-1.1';
const XML = 'text/xml';

/** The APIs known by their model; a new client is one line here. */
export const services: readonly Service[] = [
  { service: 'account', protocol: 'rest-json', contentType: 'application/json', load: () => import('@aws-sdk/client-account') },
  { service: 'cloudtrail', protocol: 'json', contentType: JSON_1_1, load: () => import('@aws-sdk/client-cloudtrail') },
  {
    service: 'ec2',
    protocol: 'ec2',
    contentType: `${XML};charset=UTF-8`,
    namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
    load: () => import('@aws-sdk/client-ec2'),
  },
  { service: 'eks', protocol: 'rest-json', contentType: 'application/json', load: () => import('@aws-sdk/client-eks') },
  {
    service: 'elasticloadbalancing',
    protocol: 'query',
    version: '2015-12-01',
    contentType: XML,
    namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
    load: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  },
  {
    service: 'elasticloadbalancing-classic',
    signed: 'elasticloadbalancing',
    protocol: 'query',
    version: '2012-06-01',
    contentType: XML,
    namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/',
    load: () => import('@aws-sdk/client-elastic-load-balancing'),
  },
  {
    service: 'iam',
    protocol: 'query',
    contentType: XML,
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    load: () => import('@aws-sdk/client-iam'),
  },
  { service: 'lambda', protocol: 'rest-json', contentType: 'application/json', load: () => import('@aws-sdk/client-lambda') },
  { service: 'logs', protocol: 'json', contentType: JSON_1_1, load: () => import('@aws-sdk/client-cloudwatch-logs') },
  { service: 'organizations', protocol: 'json', contentType: JSON_1_1, load: () => import('@aws-sdk/client-organizations') },
  {
    service: 'route53',
    protocol: 'rest-xml',
    contentType: XML,
    namespace: 'https://route53.amazonaws.com/doc/2013-04-01/',
    load: () => import('@aws-sdk/client-route-53'),
  },
  { service: 'route53resolver', protocol: 'json', contentType: JSON_1_1, load: () => import('@aws-sdk/client-route53resolver') },
  {
    service: 's3',
    protocol: 'rest-xml',
    contentType: 'application/xml',
    namespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
    load: () => import('@aws-sdk/client-s3'),
  },
  { service: 'securitylake', protocol: 'rest-json', contentType: 'application/json', load: () => import('@aws-sdk/client-securitylake') },
  {
    service: 'sts',
    protocol: 'query',
    contentType: XML,
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    load: () => import('@aws-sdk/client-sts'),
  },
];

const models = new Map<Service, Promise<Map<string, Operation>>>();

/** The operations of an API; empty where its client ships no model (JSON then goes through as it is). */
export function modelOf(service: Service): Promise<Map<string, Operation>> {
  let model = models.get(service);
  if (!model) models.set(service, (model = service.load().then((module) => operationsOf(module as Record<string, unknown>))));
  return model;
}
