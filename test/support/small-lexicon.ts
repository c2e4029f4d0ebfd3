import type { Lexicon } from '../../connectors/threat-models/format.ts';

const SERVICES: readonly (readonly [type: string, words: RegExp, native: readonly string[]])[] = [
  ['aws.s3.bucket', /\b(?:amazon s3|s3)\b/i, ['AWS::S3::Bucket', 'aws_s3_bucket', 's3']],
  ['aws.dynamodb.table', /\b(?:amazon dynamodb|dynamodb)\b/i, ['AWS::DynamoDB::Table', 'aws_dynamodb_table']],
  ['aws.lambda.function', /\b(?:aws lambda|lambda)\b/i, ['AWS::Lambda::Function', 'aws_lambda_function']],
  ['aws.apigateway.api', /\bapi gateway\b/i, ['AWS::ApiGateway::RestApi']],
  ['aws.cognito.userpool', /\bcognito\b/i, ['AWS::Cognito::UserPool']],
  ['aws.amplify.app', /\bamplify\b/i, []],
  ['aws.iam', /\biam\b/i, []],
  ['aws.ecs.service', /\becs\b/i, ['AWS::ECS::Service', 'aws_ecs_service']],
  ['aws.ec2.vpc', /\bvpcs?\b/i, ['AWS::EC2::VPC', 'aws_vpc']],
  ['aws.rds.instance', /\brds\b/i, ['AWS::RDS::DBInstance', 'aws_db_instance']],
  ['aws.cloudtrail.trail', /\bcloudtrail\b/i, ['AWS::CloudTrail::Trail', 'aws_cloudtrail']],
  ['azure.storage.account', /\bazure storage\b/i, ['Microsoft.Storage/storageAccounts']],
];

/** Few services with fixed names, so that what an importer makes of a file does not change with the rules. */
export const smallLexicon: Lexicon = {
  services(text) {
    return SERVICES.flatMap(([type, words]) => {
      const match = words.exec(text);
      return match ? [{ type, word: match[0], index: match.index }] : [];
    }).sort((a, b) => a.index - b.index);
  },
  typeOf(nativeType) {
    const wanted = nativeType.toLowerCase();
    return SERVICES.find(([, , native]) => native.some((one) => one.toLowerCase() === wanted))?.[0];
  },
};
