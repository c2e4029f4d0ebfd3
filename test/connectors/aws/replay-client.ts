import { accessKeyOf } from '../../../connectors/aws/replay/server.ts';

const clients: Record<string, readonly [() => Promise<object>, string]> = {
  account: [() => import('@aws-sdk/client-account'), 'AccountClient'],
  cloudtrail: [() => import('@aws-sdk/client-cloudtrail'), 'CloudTrailClient'],
  ec2: [() => import('@aws-sdk/client-ec2'), 'EC2Client'],
  eks: [() => import('@aws-sdk/client-eks'), 'EKSClient'],
  elasticloadbalancing: [() => import('@aws-sdk/client-elastic-load-balancing-v2'), 'ElasticLoadBalancingV2Client'],
  'elasticloadbalancing-classic': [() => import('@aws-sdk/client-elastic-load-balancing'), 'ElasticLoadBalancingClient'],
  iam: [() => import('@aws-sdk/client-iam'), 'IAMClient'],
  lambda: [() => import('@aws-sdk/client-lambda'), 'LambdaClient'],
  logs: [() => import('@aws-sdk/client-cloudwatch-logs'), 'CloudWatchLogsClient'],
  organizations: [() => import('@aws-sdk/client-organizations'), 'OrganizationsClient'],
  route53: [() => import('@aws-sdk/client-route-53'), 'Route53Client'],
  route53resolver: [() => import('@aws-sdk/client-route53resolver'), 'Route53ResolverClient'],
  s3: [() => import('@aws-sdk/client-s3'), 'S3Client'],
  securitylake: [() => import('@aws-sdk/client-securitylake'), 'SecurityLakeClient'],
  sts: [() => import('@aws-sdk/client-sts'), 'STSClient'],
};

export const knownServices = Object.keys(clients);

interface Client {
  send(command: unknown): Promise<Record<string, unknown>>;
}
const made = new Map<string, Client>();

/** Sends one operation through the real SDK client and gives the answer as evidence would hold it. */
export async function send(
  endpoint: string,
  service: string,
  op: string,
  args: Record<string, unknown>,
  account: string,
  region = 'us-east-1',
): Promise<unknown> {
  const [load, name] = clients[service] ?? [];
  if (!load || !name) throw new Error(`no client for ${service}`);
  const module = (await load()) as Record<string, new (input: unknown) => unknown>;
  const key = [endpoint, service, account, region].join('|');
  let client = made.get(key);
  if (!client) {
    const credentials = { accessKeyId: accessKeyOf(account), secretAccessKey: 'example' };
    made.set(key, (client = new (module[name] as new (input: unknown) => Client)({ endpoint, region, credentials, maxAttempts: 1 })));
  }
  const Command = module[`${op}Command`];
  if (!Command) throw new Error(`${service} has no operation ${op}`);
  const { $metadata, ...answer } = await client.send(new Command(args));
  return JSON.parse(JSON.stringify(answer));
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly Code?: string;
  readonly Error?: { readonly Code?: string };
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** How one operation fails; throws where it is answered. */
export async function fail(...asked: Parameters<typeof send>): Promise<Failure> {
  return send(...asked).then(
    (answer) => {
      throw new Error(`answered: ${JSON.stringify(answer)}`);
    },
    (error) => error as Failure,
  );
}
