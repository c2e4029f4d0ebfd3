"""Builds and changes an estate on a moto server, with boto3: a writer that shares nothing with the reader under test.

    python3 seed.py --endpoint http://127.0.0.1:5000 build
    python3 seed.py --endpoint http://127.0.0.1:5000 build --without dns-association
    python3 seed.py --endpoint http://127.0.0.1:5000 stop-trail remove-flow-logs

`build` resets the server first and prints the ids of what it made as JSON. Other commands are changes, done in the order given.
"""

import argparse
import io
import json
import sys
import urllib.request
import zipfile

import boto3
from botocore.config import Config

HOME = 'eu-west-1'
FIRST = 'us-east-1'
KEEP_DAYS = 400
GROUP_DAYS = 120

TRAIL = 'payments-trail'
TRAIL_BUCKET = 'payments-trail-logs'
CENTRAL_BUCKET = 'central-trail-logs'
FLOW_BUCKET = 'payments-flow-logs'
ELB_BUCKET = 'payments-elb-logs'
ACCESS_BUCKET = 'payments-access-logs'
FLOW_GROUP = '/net/cards'
DNS_GROUP = '/dns/cards'
ZONE_GROUP = '/dns/public'
EKS_GROUP = '/aws/eks/cards/cluster'
LAMBDA_GROUP = '/aws/lambda/charge'

MANAGEMENT = {'Name': 'management', 'FieldSelectors': [{'Field': 'eventCategory', 'Equals': ['Management']}]}
S3_DATA = {
    'Name': 'objects',
    'FieldSelectors': [{'Field': 'eventCategory', 'Equals': ['Data']}, {'Field': 'resources.type', 'Equals': ['AWS::S3::Object']}],
}


def with_field(selector, **field):
    return {**selector, 'FieldSelectors': [*selector['FieldSelectors'], field]}


class Account:
    """Clients for one account, made when first used."""

    def __init__(self, endpoint, account=None):
        self.endpoint = endpoint
        self.keys = {'aws_access_key_id': 'seed', 'aws_secret_access_key': 'seed'}
        self.made = {}
        if account is not None:
            answer = Account(endpoint)('sts').assume_role(RoleArn=f'arn:aws:iam::{account}:role/Seed', RoleSessionName='seed')['Credentials']
            self.keys = {
                'aws_access_key_id': answer['AccessKeyId'],
                'aws_secret_access_key': answer['SecretAccessKey'],
                'aws_session_token': answer['SessionToken'],
            }

    def __call__(self, service, region=FIRST):
        key = (service, region)
        if key not in self.made:
            config = Config(retries={'max_attempts': 1}, s3={'addressing_style': 'path'})
            self.made[key] = boto3.client(service, region_name=region, endpoint_url=self.endpoint, config=config, **self.keys)
        return self.made[key]


def bucket(account, name, region, days, statements=()):
    s3 = account('s3', region)
    where = {} if region == FIRST else {'CreateBucketConfiguration': {'LocationConstraint': region}}
    s3.create_bucket(Bucket=name, **where)
    if days is not None:
        keep(account, name, region, days)
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({'Version': '2012-10-17', 'Statement': list(statements)}))


def keep(account, name, region, days):
    rule = {'ID': 'keep', 'Status': 'Enabled', 'Filter': {'Prefix': ''}, 'Expiration': {'Days': days}}
    account('s3', region).put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={'Rules': [rule]})


def may_write(name, service):
    return [
        {'Effect': 'Allow', 'Principal': {'Service': service}, 'Action': 's3:GetBucketAcl', 'Resource': f'arn:aws:s3:::{name}'},
        {'Effect': 'Allow', 'Principal': {'Service': service}, 'Action': 's3:PutObject', 'Resource': f'arn:aws:s3:::{name}/*'},
    ]


def group(account, name, region, days):
    logs = account('logs', region)
    logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def tagged(kind, name):
    return [{'ResourceType': kind, 'Tags': [{'Key': 'Name', 'Value': name}]}]


def build(endpoint, without):
    for call in ('reset', 'seed?a=7'):
        urllib.request.urlopen(urllib.request.Request(f'{endpoint}/moto-api/{call}', method='POST')).read()
    management = Account(endpoint)
    organizations = management('organizations')
    organizations.create_organization(FeatureSet='ALL')
    ids = {'management': management('sts').get_caller_identity()['Account']}
    for name in ('payments', 'sandbox'):
        status = organizations.create_account(Email=f'{name}@example.com', AccountName=name)['CreateAccountStatus']
        ids[name] = status['AccountId']
    payments, sandbox = Account(endpoint, ids['payments']), Account(endpoint, ids['sandbox'])
    reader(payments)
    reader(sandbox)
    made = {'accounts': ids, **networks(payments, ids['payments'], without)}
    trails(management, payments, sandbox, ids['payments'])
    made['zone'] = zone(payments, ids['payments'])
    return made


def reader(account):
    """The role that the scan assumes, as its documentation asks for it."""
    trust = {'Statement': [{'Effect': 'Allow', 'Principal': {'AWS': '*'}, 'Action': 'sts:AssumeRole'}]}
    account('iam').create_role(RoleName='ViewshedReader', AssumeRolePolicyDocument=json.dumps(trust))


def trails(management, payments, sandbox, payments_id):
    bucket(management, CENTRAL_BUCKET, FIRST, KEEP_DAYS, may_write(CENTRAL_BUCKET, 'cloudtrail.amazonaws.com'))
    bucket(payments, TRAIL_BUCKET, HOME, KEEP_DAYS, may_write(TRAIL_BUCKET, 'cloudtrail.amazonaws.com'))
    bucket(sandbox, 'sandbox-scratch', FIRST, None)
    for name in ('card-vault', 'card-exports'):
        bucket(payments, name, HOME, None)
    bucket(payments, ACCESS_BUCKET, HOME, KEEP_DAYS, may_write(ACCESS_BUCKET, 'logging.s3.amazonaws.com')[1:])
    logging = {'LoggingEnabled': {'TargetBucket': ACCESS_BUCKET, 'TargetPrefix': 'vault/'}}
    payments('s3', HOME).put_bucket_logging(Bucket='card-vault', BucketLoggingStatus=logging)

    every_event = [{'ReadWriteType': 'All', 'IncludeManagementEvents': True, 'DataResources': []}]
    central = management('cloudtrail')
    central.create_trail(Name='management-trail', S3BucketName=CENTRAL_BUCKET, IsMultiRegionTrail=True)
    central.put_event_selectors(TrailName='management-trail', EventSelectors=every_event)
    central.start_logging(Name='management-trail')

    make_trail(payments)

    own = sandbox('cloudtrail')
    own.create_trail(Name='sandbox-trail', S3BucketName='sandbox-scratch', IsMultiRegionTrail=True)
    own.update_trail(Name='sandbox-trail', S3BucketName=CENTRAL_BUCKET)
    own.start_logging(Name='sandbox-trail')


def make_trail(payments):
    trail = payments('cloudtrail', HOME)
    trail.create_trail(Name=TRAIL, S3BucketName=TRAIL_BUCKET, IsMultiRegionTrail=True, IncludeGlobalServiceEvents=True, EnableLogFileValidation=True)
    select(payments, MANAGEMENT, S3_DATA)
    trail.start_logging(Name=TRAIL)


def select(payments, *selectors):
    payments('cloudtrail', HOME).put_event_selectors(TrailName=TRAIL, AdvancedEventSelectors=list(selectors))


def networks(payments, account, without):
    ec2 = payments('ec2', HOME)
    vpcs, subnets = {}, {}
    for name, net in (('cards', '10.1'), ('office', '10.2')):
        vpcs[name] = ec2.create_vpc(CidrBlock=f'{net}.0.0/16', TagSpecifications=tagged('vpc', name))['Vpc']['VpcId']
        subnets[name] = [
            ec2.create_subnet(VpcId=vpcs[name], CidrBlock=f'{net}.{number}.0/24', AvailabilityZone=f'{HOME}{zone}')['Subnet']['SubnetId']
            for number, zone in enumerate('ab')
        ]
    ec2.create_network_interface(SubnetId=subnets['cards'][0])

    group(payments, FLOW_GROUP, HOME, GROUP_DAYS)
    bucket(payments, FLOW_BUCKET, HOME, KEEP_DAYS, may_write(FLOW_BUCKET, 'delivery.logs.amazonaws.com'))
    flow_log(payments, account, vpcs['cards'], 'ALL')
    answer = ec2.create_flow_logs(
        ResourceType='VPC', ResourceIds=[vpcs['office']], TrafficType='ALL', LogDestinationType='s3', LogDestination=f'arn:aws:s3:::{FLOW_BUCKET}'
    )
    assert not answer['Unsuccessful'], answer

    group(payments, DNS_GROUP, HOME, GROUP_DAYS)
    resolver = payments('route53resolver', HOME)
    arn = f'arn:aws:logs:{HOME}:{account}:log-group:{DNS_GROUP}'
    queries = resolver.create_resolver_query_log_config(Name='queries', DestinationArn=arn, CreatorRequestId='queries')['ResolverQueryLogConfig']
    if 'dns-association' not in without:
        resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=queries['Id'], ResourceId=vpcs['cards'])

    balancer = workloads(payments, account, subnets['cards'])
    return {'vpcs': vpcs, 'subnets': subnets, 'balancer': balancer}


def flow_log(payments, account, vpc, traffic):
    answer = payments('ec2', HOME).create_flow_logs(
        ResourceType='VPC', ResourceIds=[vpc], TrafficType=traffic, LogGroupName=FLOW_GROUP,
        DeliverLogsPermissionArn=f'arn:aws:iam::{account}:role/flow-logs',
    )
    assert not answer['Unsuccessful'], answer


def workloads(payments, account, subnets):
    bucket(payments, ELB_BUCKET, HOME, KEEP_DAYS, may_write(ELB_BUCKET, 'logdelivery.elasticloadbalancing.amazonaws.com')[1:])
    balancers = payments('elbv2', HOME)
    balancer = balancers.create_load_balancer(Name='cards-api', Subnets=subnets, Type='application')['LoadBalancers'][0]['LoadBalancerArn']
    attributes = {'access_logs.s3.enabled': 'true', 'access_logs.s3.bucket': ELB_BUCKET, 'access_logs.s3.prefix': ''}
    balancers.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{'Key': key, 'Value': value} for key, value in attributes.items()])

    group(payments, EKS_GROUP, HOME, GROUP_DAYS)
    payments('eks', HOME).create_cluster(
        name='cards', roleArn=f'arn:aws:iam::{account}:role/cluster', resourcesVpcConfig={'subnetIds': subnets}, logging=cluster_logging(True)
    )

    group(payments, LAMBDA_GROUP, HOME, GROUP_DAYS)
    iam = payments('iam')
    trust = {'Statement': [{'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]}
    role = iam.create_role(RoleName='charge', AssumeRolePolicyDocument=json.dumps(trust))['Role']['Arn']
    write = {'Effect': 'Allow', 'Action': ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], 'Resource': '*'}
    iam.put_role_policy(RoleName='charge', PolicyName='logs', PolicyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [write]}))
    code = io.BytesIO()
    with zipfile.ZipFile(code, 'w') as archive:
        archive.writestr('main.py', 'def run(event, context):\n    return None\n')
    payments('lambda', HOME).create_function(FunctionName='charge', Runtime='python3.13', Role=role, Handler='main.run', Code={'ZipFile': code.getvalue()})
    return balancer


def cluster_logging(audit):
    lists = [{'types': ['api', 'authenticator'] + (['audit'] if audit else []), 'enabled': True}]
    return {'clusterLogging': lists + ([] if audit else [{'types': ['audit'], 'enabled': False}])}


def zone(payments, account):
    group(payments, ZONE_GROUP, FIRST, GROUP_DAYS)
    allow = {'Effect': 'Allow', 'Principal': {'Service': 'route53.amazonaws.com'}, 'Action': ['logs:CreateLogStream', 'logs:PutLogEvents'], 'Resource': '*'}
    payments('logs').put_resource_policy(policyName='zones', policyDocument=json.dumps({'Version': '2012-10-17', 'Statement': [allow]}))
    route53 = payments('route53')
    made = route53.create_hosted_zone(Name='cards.example.com', CallerReference='cards')['HostedZone']['Id']
    arn = f'arn:aws:logs:{FIRST}:{account}:log-group:{ZONE_GROUP}:*'
    route53.create_query_logging_config(HostedZoneId=made, CloudWatchLogsLogGroupArn=arn)
    return made.split('/')[-1]


class Estate:
    """What `build` made, found again by name."""

    def __init__(self, endpoint):
        accounts = Account(endpoint)('organizations').list_accounts()['Accounts']
        self.ids = {account['Name']: account['Id'] for account in accounts}
        self.management = Account(endpoint)
        self.payments = Account(endpoint, self.ids['payments'])
        self.sandbox = Account(endpoint, self.ids['sandbox'])

    def trail(self):
        return self.payments('cloudtrail', HOME)

    def vpc(self, name):
        return self.payments('ec2', HOME).describe_vpcs(Filters=[{'Name': 'tag:Name', 'Values': [name]}])['Vpcs'][0]['VpcId']

    def relog(self, traffic):
        ec2 = self.payments('ec2', HOME)
        logs = [log['FlowLogId'] for log in ec2.describe_flow_logs()['FlowLogs'] if log['ResourceId'] == self.vpc('cards')]
        if logs:
            ec2.delete_flow_logs(FlowLogIds=logs)
        if traffic:
            flow_log(self.payments, self.ids['payments'], self.vpc('cards'), traffic)


FORBIDDEN = ['cloudtrail:GetEventSelectors', 'ec2:DescribeFlowLogs', 's3:GetLifecycleConfiguration', 'logs:DescribeLogGroups', 'eks:DescribeCluster']


def forbid(estate):
    """Policies for the time when moto checks them: the readers may do all but a few calls. Prints the keys of the one who starts."""
    policy = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}]}
    iam = estate.management('iam')
    iam.create_user(UserName='auditor')
    iam.put_user_policy(UserName='auditor', PolicyName='read', PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName='auditor')['AccessKey']
    policy['Statement'].append({'Effect': 'Deny', 'Action': FORBIDDEN, 'Resource': '*'})
    estate.payments('iam').put_role_policy(RoleName='ViewshedReader', PolicyName='read', PolicyDocument=json.dumps(policy))
    print(json.dumps({'id': key['AccessKeyId'], 'secret': key['SecretAccessKey']}))


CHANGES = {
    'stop-trail': lambda estate: estate.trail().stop_logging(Name=TRAIL),
    'start-trail': lambda estate: estate.trail().start_logging(Name=TRAIL),
    'delete-trail': lambda estate: estate.trail().delete_trail(Name=TRAIL),
    'make-trail': lambda estate: make_trail(estate.payments),
    'take-everything': lambda estate: select(estate.payments, MANAGEMENT, S3_DATA),
    'take-one-bucket': lambda estate: select(
        estate.payments, MANAGEMENT, with_field(S3_DATA, Field='resources.ARN', StartsWith=['arn:aws:s3:::card-vault/'])
    ),
    'take-writes': lambda estate: select(
        estate.payments, *(with_field(selector, Field='readOnly', Equals=['false']) for selector in (MANAGEMENT, S3_DATA))
    ),
    'leave-kms-out': lambda estate: select(estate.payments, with_field(MANAGEMENT, Field='eventSource', NotEquals=['kms.amazonaws.com']), S3_DATA),
    'leave-deletes-out': lambda estate: select(estate.payments, MANAGEMENT, with_field(S3_DATA, Field='eventName', NotEquals=['DeleteObject'])),
    'one-region': lambda estate: estate.trail().update_trail(Name=TRAIL, IsMultiRegionTrail=False),
    'all-regions': lambda estate: estate.trail().update_trail(Name=TRAIL, IsMultiRegionTrail=True),
    'expire-bucket': lambda estate: keep(estate.payments, TRAIL_BUCKET, HOME, 1),
    'keep-bucket': lambda estate: keep(estate.payments, TRAIL_BUCKET, HOME, KEEP_DAYS),
    'remove-flow-logs': lambda estate: estate.relog(None),
    'log-rejects': lambda estate: estate.relog('REJECT'),
    'log-all-traffic': lambda estate: estate.relog('ALL'),
    'shorten-group': lambda estate: estate.payments('logs', HOME).put_retention_policy(logGroupName=FLOW_GROUP, retentionInDays=14),
    'keep-group': lambda estate: estate.payments('logs', HOME).put_retention_policy(logGroupName=FLOW_GROUP, retentionInDays=GROUP_DAYS),
    'drop-group': lambda estate: estate.payments('logs', HOME).delete_log_group(logGroupName=DNS_GROUP),
    'make-group': lambda estate: group(estate.payments, DNS_GROUP, HOME, GROUP_DAYS),
    'drop-flow-bucket': lambda estate: estate.payments('s3', HOME).delete_bucket(Bucket=FLOW_BUCKET),
    'make-flow-bucket': lambda estate: bucket(estate.payments, FLOW_BUCKET, HOME, KEEP_DAYS, may_write(FLOW_BUCKET, 'delivery.logs.amazonaws.com')),
    'shut-elb-bucket': lambda estate: estate.payments('s3', HOME).delete_bucket_policy(Bucket=ELB_BUCKET),
    'open-elb-bucket': lambda estate: estate.payments('s3', HOME).put_bucket_policy(
        Bucket=ELB_BUCKET,
        Policy=json.dumps({'Version': '2012-10-17', 'Statement': may_write(ELB_BUCKET, 'logdelivery.elasticloadbalancing.amazonaws.com')[1:]}),
    ),
    'forbid': lambda estate: forbid(estate),
    'no-audit-log': lambda estate: estate.payments('eks', HOME).update_cluster_config(name='cards', logging=cluster_logging(False)),
    'audit-log': lambda estate: estate.payments('eks', HOME).update_cluster_config(name='cards', logging=cluster_logging(True)),
}


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--endpoint', required=True)
    parser.add_argument('--without', action='append', default=[], choices=['dns-association'])
    parser.add_argument('commands', nargs='+', choices=['build', *CHANGES])
    given = parser.parse_args(argv)
    for command in given.commands:
        if command == 'build':
            print(json.dumps(build(given.endpoint, given.without)))
        else:
            CHANGES[command](Estate(given.endpoint))


main(sys.argv[1:])
