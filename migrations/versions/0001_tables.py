"""tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('database_mark',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('rehearsal', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_database_mark_single_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_database_mark'))
    )
    op.create_table('login_attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('address', sa.Text(collation='C'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_attempt'))
    )
    op.create_index('ix_login_attempt_address', 'login_attempt', ['address', 'at'], unique=False)
    op.create_table('registration_attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('key', sa.Text(collation='C'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration_attempt'))
    )
    op.create_index('ix_registration_attempt_key', 'registration_attempt', ['key', 'at'], unique=False)
    op.create_table('organisation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('name_key', sa.Text(collation='C'), nullable=False),
    sa.Column('code', sa.Text(collation='C'), nullable=True),
    sa.Column('region', sa.Text(collation='C'), nullable=False),
    sa.Column('level', sa.Text(collation='C'), nullable=True),
    sa.Column('system', sa.Text(collation='C'), nullable=True),
    sa.Column('nature', sa.Text(collation='C'), nullable=True),
    sa.Column('contact', sa.String(), nullable=True),
    sa.Column('telephone', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('profile_complete', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('successor_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['successor_id'], ['organisation.id'], name=op.f('fk_organisation_successor_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation'))
    )
    op.create_index('ix_organisation_code', 'organisation', ['code'], unique=True, postgresql_where='code is not null')
    op.create_index('ix_organisation_name_key', 'organisation', ['name_key', 'id'], unique=False)
    op.create_table('proof_root',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cases', sa.Integer(), nullable=False),
    sa.Column('root', sa.LargeBinary(), nullable=False),
    sa.Column('previous', sa.LargeBinary(), nullable=False),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('key_id', sa.Text(collation='C'), nullable=False),
    sa.Column('mac', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_proof_root'))
    )
    op.create_table('region',
    sa.Column('code', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('parent', sa.Text(collation='C'), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_region'))
    )
    op.create_table('scheme_clock',
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('offset', sa.Interval(), nullable=False),
    sa.PrimaryKeyConstraint('scheme_id', name=op.f('pk_scheme_clock'))
    )
    op.create_table('jurisdiction',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=False),
    sa.Column('function', sa.Text(collation='C'), nullable=False),
    sa.Column('region', sa.Text(collation='C'), nullable=False),
    sa.Column('level', sa.Text(collation='C'), nullable=True),
    sa.Column('system', sa.Text(collation='C'), nullable=True),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ground', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['organisation.id'], name=op.f('fk_jurisdiction_office_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jurisdiction'))
    )
    op.create_index('ix_jurisdiction_function', 'jurisdiction', ['function', 'region'], unique=False)
    op.create_index(op.f('ix_jurisdiction_office_id'), 'jurisdiction', ['office_id'], unique=False)
    op.create_table('organisation_name',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_organisation_name_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation_name'))
    )
    op.create_index(op.f('ix_organisation_name_organisation_id'), 'organisation_name', ['organisation_id'], unique=False)
    op.create_table('person',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('name_key', sa.Text(collation='C'), nullable=False),
    sa.Column('gender', sa.Text(collation='C'), nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=False),
    sa.Column('ethnicity', sa.String(), nullable=True),
    sa.Column('telephone', sa.String(), nullable=True),
    sa.Column('id_number_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('id_number_key_id', sa.Text(collation='C'), nullable=False),
    sa.Column('id_number_index', sa.LargeBinary(), nullable=False),
    sa.Column('id_number_head', sa.Text(collation='C'), nullable=False),
    sa.Column('id_number_tail', sa.Text(collation='C'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], name=op.f('fk_person_unit_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('id_number_index', name=op.f('uq_person_id_number_index'))
    )
    op.create_index('ix_person_unit', 'person', ['unit_id', 'name_key', 'id'], unique=False)
    op.create_table('subordination',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=False),
    sa.Column('superior_id', sa.BigInteger(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_subordination_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['superior_id'], ['organisation.id'], name=op.f('fk_subordination_superior_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subordination'))
    )
    op.create_index(op.f('ix_subordination_organisation_id'), 'subordination', ['organisation_id'], unique=False)
    op.create_index(op.f('ix_subordination_superior_id'), 'subordination', ['superior_id'], unique=False)
    op.create_table('account',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('login', sa.Text(collation='C'), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=True),
    sa.Column('person_id', sa.BigInteger(), nullable=True),
    sa.Column('duties', postgresql.ARRAY(sa.TEXT()), nullable=False),
    sa.Column('must_change_password', sa.Boolean(), nullable=False),
    sa.Column('failed_attempts', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('password_changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_account_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_account_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('login', name=op.f('uq_account_login'))
    )
    op.create_index(op.f('ix_account_organisation_id'), 'account', ['organisation_id'], unique=False)
    op.create_table('act',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(collation='C'), nullable=False),
    sa.Column('subject', sa.Text(collation='C'), nullable=True),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=True),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_act_actor_id_account')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_act_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_act'))
    )
    op.create_index('ix_act_subject', 'act', ['kind', 'subject', 'id'], unique=False)
    op.create_table('deployment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_by', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['published_by'], ['account.id'], name=op.f('fk_deployment_published_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deployment')),
    sa.UniqueConstraint('scheme_id', 'hash', name=op.f('uq_deployment_scheme_id_hash')),
    sa.UniqueConstraint('scheme_id', 'number', name=op.f('uq_deployment_scheme_id_number'))
    )
    op.create_table('holiday',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('is_workday', sa.Boolean(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('set_by', sa.BigInteger(), nullable=True),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['set_by'], ['account.id'], name=op.f('fk_holiday_set_by_account')),
    sa.PrimaryKeyConstraint('version', 'day', name=op.f('pk_holiday'))
    )
    op.create_table('idempotency_key',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.Text(collation='C'), nullable=False),
    sa.Column('request_digest', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_idempotency_key_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', 'key', name=op.f('pk_idempotency_key'))
    )
    op.create_table('second_factor',
    sa.Column('account_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('secret_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.Text(collation='C'), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('recovery_digests', postgresql.ARRAY(postgresql.BYTEA()), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_second_factor_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_second_factor'))
    )
    op.create_table('web_session',
    sa.Column('token_digest', sa.LargeBinary(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('awaits_code', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_web_session_account_id_account')),
    sa.PrimaryKeyConstraint('token_digest', name=op.f('pk_web_session'))
    )
    op.create_index(op.f('ix_web_session_account_id'), 'web_session', ['account_id'], unique=False)
    op.create_table('case',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('deployment_id', sa.BigInteger(), nullable=False),
    sa.Column('process', sa.Text(collation='C'), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=True),
    sa.Column('linked_case_id', sa.BigInteger(), nullable=True),
    sa.Column('unique_key', sa.Text(collation='C'), nullable=True),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('outcome', sa.Text(collation='C'), nullable=True),
    sa.Column('listed', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('phases', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('engine_state', sa.LargeBinary(), nullable=False),
    sa.Column('engine', sa.Text(collation='C'), nullable=False),
    sa.Column('overlays', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('workdays', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('head', sa.LargeBinary(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retained_until', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['deployment_id'], ['deployment.id'], name=op.f('fk_case_deployment_id_deployment')),
    sa.ForeignKeyConstraint(['linked_case_id'], ['case.id'], name=op.f('fk_case_linked_case_id_case')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_case_person_id_person')),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], name=op.f('fk_case_unit_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case'))
    )
    op.create_index(op.f('ix_case_deployment_id'), 'case', ['deployment_id'], unique=False)
    op.create_index('ix_case_linked', 'case', ['linked_case_id', 'id'], unique=False, postgresql_where=sa.text('linked_case_id is not null'))
    op.create_index('ix_case_person', 'case', ['person_id', 'id'], unique=False)
    op.create_index('ix_case_phases', 'case', ['phases'], unique=False, postgresql_using='gin', postgresql_ops={'phases': 'jsonb_path_ops'})
    op.create_index('ix_case_scheme', 'case', ['scheme_id', 'process', 'state', 'id'], unique=False)
    op.create_index('ix_case_unique_key', 'case', ['jurisdiction', 'scheme_id', 'unique_key'], unique=True, postgresql_where=sa.text('ended_at is null and unique_key is not null'))
    op.create_index('ix_case_unit', 'case', ['unit_id', 'scheme_id', 'process', 'id'], unique=False)
    op.create_table('bar',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('id_number_index', sa.LargeBinary(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(collation='C'), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('imposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by_case_id', sa.BigInteger(), nullable=True),
    sa.Column('lift_ground', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_bar_case_id_case')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_bar_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bar'))
    )
    op.create_index('ix_bar_case', 'bar', ['case_id', 'token'], unique=True)
    op.create_index('ix_bar_person', 'bar', ['id_number_index'], unique=False, postgresql_where='lifted_at is null')
    op.create_table('certificate',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('number', sa.Text(collation='C'), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('trade', sa.Text(collation='C'), nullable=False),
    sa.Column('grade', sa.Text(collation='C'), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('copy', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by_case_id', sa.BigInteger(), nullable=True),
    sa.Column('ground', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_certificate_case_id_case')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_certificate_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate')),
    sa.UniqueConstraint('jurisdiction', 'number', name=op.f('uq_certificate_jurisdiction_number')),
    sa.UniqueConstraint('jurisdiction', 'year', 'sequence', name=op.f('uq_certificate_jurisdiction_year_sequence'))
    )
    op.create_index('ix_certificate_number', 'certificate', ['number'], unique=False)
    op.create_index('ix_certificate_person', 'certificate', ['person_id', 'id'], unique=False)
    op.create_index('ix_certificate_valid', 'certificate', ['case_id'], unique=True, postgresql_where=sa.text("state = 'valid'"))
    op.create_table('certificate_copy',
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('certificate_id', sa.BigInteger(), nullable=False),
    sa.Column('copy', sa.Integer(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ground', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_certificate_copy_case_id_case')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_certificate_copy_certificate_id_certificate')),
    sa.PrimaryKeyConstraint('case_id', 'token', name=op.f('pk_certificate_copy'))
    )
    op.create_index(op.f('ix_certificate_copy_certificate_id'), 'certificate_copy', ['certificate_id'], unique=False)
    op.create_table('payment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('method', sa.Text(collation='C'), nullable=True),
    sa.Column('receipt', sa.Text(collation='C'), nullable=True),
    sa.Column('provider', sa.Text(collation='C'), nullable=True),
    sa.Column('order_number', sa.Text(collation='C'), nullable=True),
    sa.Column('reference', sa.Text(collation='C'), nullable=True),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider_day', sa.Date(), nullable=True),
    sa.Column('ground', sa.String(), nullable=True),
    sa.Column('refund_reference', sa.Text(collation='C'), nullable=True),
    sa.Column('refunded_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_payment_case_id_case')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment'))
    )
    op.create_index('ix_payment_day', 'payment', ['provider', 'provider_day'], unique=False)
    op.create_index('ix_payment_live', 'payment', ['case_id', 'purpose'], unique=True, postgresql_where=sa.text("state in ('due', 'paid')"))
    op.create_index('ix_payment_order', 'payment', ['order_number'], unique=True)
    op.create_index('ix_payment_receipt', 'payment', ['jurisdiction', 'receipt'], unique=False, postgresql_where=sa.text('receipt is not null'))
    op.create_index('ix_payment_state', 'payment', ['state', 'id'], unique=False)
    op.create_table('payment_callback',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('provider', sa.Text(collation='C'), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('verdict', sa.Text(collation='C'), nullable=False),
    sa.Column('order_number', sa.Text(collation='C'), nullable=True),
    sa.Column('reference', sa.Text(collation='C'), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_payment_callback_payment_id_payment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_callback'))
    )
    op.create_index('ix_payment_callback_verdict', 'payment_callback', ['verdict', 'id'], unique=False)
    op.create_table('reconciliation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('provider', sa.Text(collation='C'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('differences', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliation'))
    )
    op.create_index('ix_reconciliation_day', 'reconciliation', ['day', 'id'], unique=False)
    op.create_table('entered_id_number',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('shown', sa.Text(collation='C'), nullable=False),
    sa.Column('former', sa.Boolean(), nullable=False),
    sa.Column('cipher', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.Text(collation='C'), nullable=False),
    sa.Column('index', sa.LargeBinary(), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_entered_id_number_case_id_case')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entered_id_number'))
    )
    op.create_index('ix_entered_id_number_case', 'entered_id_number', ['case_id', 'shown', 'id'], unique=False)
    op.create_table('deployment_file',
    sa.Column('deployment_id', sa.BigInteger(), nullable=False),
    sa.Column('path', sa.Text(collation='C'), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['deployment_id'], ['deployment.id'], name=op.f('fk_deployment_file_deployment_id_deployment')),
    sa.PrimaryKeyConstraint('deployment_id', 'path', name=op.f('pk_deployment_file'))
    )
    op.create_table('attachment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(collation='C'), nullable=False),
    sa.Column('digest', sa.Text(collation='C'), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('media_type', sa.Text(collation='C'), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=True),
    sa.Column('uploaded_by', sa.BigInteger(), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_attachment_case_id_case')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_attachment_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['uploaded_by'], ['account.id'], name=op.f('fk_attachment_uploaded_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment')),
    sa.UniqueConstraint('name', name=op.f('uq_attachment_name'))
    )
    op.create_index(op.f('ix_attachment_case_id'), 'attachment', ['case_id'], unique=False)
    op.create_index(op.f('ix_attachment_digest'), 'attachment', ['digest'], unique=False)
    op.create_index(op.f('ix_attachment_organisation_id'), 'attachment', ['organisation_id'], unique=False)
    op.create_table('history',
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('call', sa.Text(collation='C'), nullable=False),
    sa.Column('element', sa.Text(collation='C'), nullable=True),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=True),
    sa.Column('office_name', sa.String(), nullable=True),
    sa.Column('arguments', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('happened', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('payload_digest', sa.LargeBinary(), nullable=True),
    sa.Column('state_digest', sa.LargeBinary(), nullable=False),
    sa.Column('previous', sa.LargeBinary(), nullable=False),
    sa.Column('mac', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.Text(collation='C'), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_history_actor_id_account')),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_history_case_id_case')),
    sa.ForeignKeyConstraint(['office_id'], ['organisation.id'], name=op.f('fk_history_office_id_organisation')),
    sa.PrimaryKeyConstraint('case_id', 'seq', name=op.f('pk_history'))
    )
    op.create_index('ix_history_fired', 'history', ['element', 'at', 'case_id'], unique=False, postgresql_where=sa.text("call = 'fire'"))
    op.create_index('ix_history_recorded_at', 'history', ['recorded_at'], unique=False, postgresql_using='brin', postgresql_with={'autosummarize': 'on'})
    op.create_table('incident',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(collation='C'), nullable=False),
    sa.Column('element', sa.Text(collation='C'), nullable=True),
    sa.Column('timer_id', sa.BigInteger(), nullable=True),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('deadlines', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_incident_case_id_case')),
    sa.ForeignKeyConstraint(['closed_by'], ['account.id'], name=op.f('fk_incident_closed_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident'))
    )
    op.create_index('ix_incident_open', 'incident', ['case_id'], unique=False, postgresql_where=sa.text('closed_at is null'))
    op.create_table('message',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('message', sa.Text(collation='C'), nullable=False),
    sa.Column('key', sa.Text(collation='C'), nullable=True),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('from_case_id', sa.BigInteger(), nullable=False),
    sa.Column('from_element', sa.Text(collation='C'), nullable=False),
    sa.Column('from_seq', sa.Integer(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_case_id', sa.BigInteger(), nullable=True),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['from_case_id'], ['case.id'], name=op.f('fk_message_from_case_id_case')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message'))
    )
    op.create_index(op.f('ix_message_from_case_id'), 'message', ['from_case_id'], unique=False)
    op.create_index('ix_message_waiting', 'message', ['id'], unique=False, postgresql_where=sa.text('delivered_at is null and failed_at is null'))
    op.create_table('message_wait',
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('element', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('message', sa.Text(collation='C'), nullable=False),
    sa.Column('key', sa.Text(collation='C'), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_message_wait_case_id_case')),
    sa.PrimaryKeyConstraint('case_id', 'token', name=op.f('pk_message_wait'))
    )
    op.create_index('ix_message_wait_name', 'message_wait', ['scheme_id', 'message', 'key'], unique=False)
    op.create_table('notice',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_notice_case_id_case')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_notice_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    op.create_index('ix_notice_case', 'notice', ['case_id', 'token'], unique=True)
    op.create_index('ix_notice_organisation', 'notice', ['organisation_id', 'id'], unique=False)
    op.create_table('post_quota',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('grade', sa.Text(collation='C'), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('approved', sa.Integer(), nullable=False),
    sa.Column('held', sa.Integer(), nullable=False),
    sa.Column('special', sa.Integer(), nullable=False),
    sa.Column('vacant', sa.Integer(), nullable=False),
    sa.Column('source_case_id', sa.BigInteger(), nullable=False),
    sa.Column('registered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['source_case_id'], ['case.id'], name=op.f('fk_post_quota_source_case_id_case')),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], name=op.f('fk_post_quota_unit_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_quota')),
    sa.UniqueConstraint('jurisdiction', 'scheme_id', 'unit_id', 'grade', name=op.f('uq_post_quota_jurisdiction_scheme_id_unit_id_grade'))
    )
    op.create_table('task',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('process', sa.Text(collation='C'), nullable=False),
    sa.Column('element', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.Text(collation='C'), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=True),
    sa.Column('form', sa.Text(collation='C'), nullable=True),
    sa.Column('status', sa.String(), nullable=True),
    sa.Column('bulk', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('pending_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_by', sa.BigInteger(), nullable=True),
    sa.Column('completed_for', sa.BigInteger(), nullable=True),
    sa.Column('returned_from', sa.BigInteger(), nullable=True),
    sa.Column('straight_back', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_task_case_id_case')),
    sa.ForeignKeyConstraint(['completed_by'], ['account.id'], name=op.f('fk_task_completed_by_account')),
    sa.ForeignKeyConstraint(['completed_for'], ['organisation.id'], name=op.f('fk_task_completed_for_organisation')),
    sa.ForeignKeyConstraint(['office_id'], ['organisation.id'], name=op.f('fk_task_office_id_organisation')),
    sa.ForeignKeyConstraint(['returned_from'], ['task.id'], name=op.f('fk_task_returned_from_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task'))
    )
    op.create_index('ix_task_case', 'task', ['case_id', 'token'], unique=False)
    op.create_index('ix_task_pending', 'task', ['case_id'], unique=False, postgresql_where=sa.text('pending_since is not null'))
    op.create_index('ix_task_done', 'task', ['completed_for', 'completed_at', 'id'], unique=False, postgresql_where=sa.text('completed_for is not null'))
    op.create_index('ix_task_kind', 'task', ['office_id', 'scheme_id', 'element', 'name'], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_index('ix_task_inbox', 'task', ['office_id', 'opened_at', 'id'], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_table('timer',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('element', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dates', postgresql.ARRAY(sa.TEXT()), nullable=False),
    sa.Column('parked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_timer_case_id_case')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_timer'))
    )
    op.create_index('ix_timer_case', 'timer', ['case_id', 'token'], unique=True)
    op.create_index('ix_timer_due', 'timer', ['scheme_id', 'due_at', 'id'], unique=False, postgresql_where=sa.text('due_at is not null and parked_at is null'))
    op.create_table('history_payload',
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=False),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.ForeignKeyConstraint(['case_id', 'seq'], ['history.case_id', 'history.seq'], name=op.f('fk_history_payload_case_id_seq_history')),
    sa.PrimaryKeyConstraint('case_id', 'seq', name=op.f('pk_history_payload'))
    )
    op.create_table('place_claim',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('quota_id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('basis', sa.Text(collation='C'), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_place_claim_case_id_case')),
    sa.ForeignKeyConstraint(['quota_id'], ['post_quota.id'], name=op.f('fk_place_claim_quota_id_post_quota')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_place_claim'))
    )
    op.create_index('ix_place_claim_live', 'place_claim', ['case_id'], unique=True, postgresql_where=sa.text('released_at is null'))
    op.create_index('ix_place_claim_quota', 'place_claim', ['quota_id'], unique=False, postgresql_where=sa.text('released_at is null'))
    op.create_table('holding',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('trade', sa.String(), nullable=False),
    sa.Column('grade', sa.Text(collation='C'), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=True),
    sa.Column('source', sa.Text(collation='C'), nullable=False),
    sa.Column('entered_by', sa.BigInteger(), nullable=True),
    sa.Column('entered_for', sa.BigInteger(), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['entered_by'], ['account.id'], name=op.f('fk_holding_entered_by_account')),
    sa.ForeignKeyConstraint(['entered_for'], ['organisation.id'], name=op.f('fk_holding_entered_for_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_holding_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holding'))
    )
    op.create_index('ix_holding_person', 'holding', ['person_id', 'id'], unique=False)
    op.create_index('ix_holding_valid', 'holding', ['person_id', 'trade'], unique=True, postgresql_where=sa.text('ended_at is null'))
    op.create_table('assessment_result',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('trade', sa.String(), nullable=False),
    sa.Column('grade', sa.Text(collation='C'), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('entered_by', sa.BigInteger(), nullable=True),
    sa.Column('entered_for', sa.BigInteger(), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['entered_by'], ['account.id'], name=op.f('fk_assessment_result_entered_by_account')),
    sa.ForeignKeyConstraint(['entered_for'], ['organisation.id'], name=op.f('fk_assessment_result_entered_for_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_assessment_result_person_id_person')),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], name=op.f('fk_assessment_result_unit_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assessment_result')),
    sa.UniqueConstraint('person_id', 'year', 'trade', 'grade', name=op.f('uq_assessment_result_person_id_year_trade_grade'))
    )
    op.create_index('ix_assessment_result_unit', 'assessment_result', ['unit_id', 'year'], unique=False)
    op.create_table('share_pool',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('jurisdiction', sa.Text(collation='C'), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('pool', sa.String(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['organisation.id'], name=op.f('fk_share_pool_unit_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share_pool')),
    sa.UniqueConstraint('jurisdiction', 'scheme_id', 'unit_id', 'pool', name=op.f('uq_share_pool_jurisdiction_scheme_id_unit_id_pool'))
    )
    op.create_table('share_claim',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('pool_id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_share_claim_case_id_case')),
    sa.ForeignKeyConstraint(['pool_id'], ['share_pool.id'], name=op.f('fk_share_claim_pool_id_share_pool')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share_claim'))
    )
    op.create_index('ix_share_claim_live', 'share_claim', ['case_id'], unique=True, postgresql_where=sa.text('released_at is null'))
    op.create_index('ix_share_claim_pool', 'share_claim', ['pool_id'], unique=False, postgresql_where=sa.text('released_at is null'))
    op.create_table('task_draft',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('values', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['saved_by'], ['account.id'], name=op.f('fk_task_draft_saved_by_account')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_draft_task_id_task')),
    sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task_draft'))
    )
    op.create_table('task_value',
    sa.Column('task_id', sa.BigInteger(), nullable=False),
    sa.Column('values', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_value_task_id_task')),
    sa.PrimaryKeyConstraint('task_id', name=op.f('pk_task_value'))
    )
    op.create_table('overlay',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('date', sa.Text(collation='C'), nullable=False),
    sa.Column('area', sa.Text(collation='C'), nullable=True),
    sa.Column('case_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ground', sa.String(), nullable=False),
    sa.Column('document', sa.String(), nullable=True),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('proposed_by', sa.BigInteger(), nullable=True),
    sa.Column('proposer', sa.String(), nullable=False),
    sa.Column('proposed_for', sa.BigInteger(), nullable=True),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    sa.Column('decider', sa.String(), nullable=True),
    sa.Column('decided_for', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opinion', sa.String(), nullable=True),
    sa.Column('filed_for', sa.BigInteger(), nullable=True),
    sa.Column('reached', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('moved', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('carried_out_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_overlay_case_id_case')),
    sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_overlay_decided_by_account')),
    sa.ForeignKeyConstraint(['decided_for'], ['organisation.id'], name=op.f('fk_overlay_decided_for_organisation')),
    sa.ForeignKeyConstraint(['filed_for'], ['organisation.id'], name=op.f('fk_overlay_filed_for_organisation')),
    sa.ForeignKeyConstraint(['proposed_by'], ['account.id'], name=op.f('fk_overlay_proposed_by_account')),
    sa.ForeignKeyConstraint(['proposed_for'], ['organisation.id'], name=op.f('fk_overlay_proposed_for_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_overlay'))
    )
    op.create_index('ix_overlay_approved', 'overlay', ['scheme_id'], unique=False, postgresql_where=sa.text("state = 'approved'"))
    op.create_index(op.f('ix_overlay_case_id'), 'overlay', ['case_id'], unique=False)
    op.create_index('ix_overlay_under_way', 'overlay', ['id'], unique=False, postgresql_where=sa.text("state = 'approved' and carried_out_at is null"))
    op.create_table('import',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('organisation_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('scheme_id', sa.Text(collation='C'), nullable=False),
    sa.Column('element', sa.Text(collation='C'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_import_account_id_account')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_import_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import'))
    )
    op.create_index(op.f('ix_import_organisation_id'), 'import', ['organisation_id'], unique=False)
    op.create_table('import_row',
    sa.Column('import_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=True),
    sa.Column('task_id', sa.BigInteger(), nullable=True),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('values', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sa.Text(collation='C'), nullable=False),
    sa.Column('message', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['import_id'], ['import.id'], name=op.f('fk_import_row_import_id_import'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'number', name=op.f('pk_import_row'))
    )


def downgrade() -> None:
    op.drop_index('ix_overlay_under_way', table_name='overlay', postgresql_where=sa.text("state = 'approved' and carried_out_at is null"))
    op.drop_index(op.f('ix_overlay_case_id'), table_name='overlay')
    op.drop_index('ix_overlay_approved', table_name='overlay', postgresql_where=sa.text("state = 'approved'"))
    op.drop_table('overlay')
    op.drop_table('import_row')
    op.drop_index(op.f('ix_import_organisation_id'), table_name='import')
    op.drop_table('import')
    op.drop_table('task_value')
    op.drop_table('task_draft')
    op.drop_index('ix_share_claim_pool', table_name='share_claim', postgresql_where=sa.text('released_at is null'))
    op.drop_index('ix_share_claim_live', table_name='share_claim', postgresql_where=sa.text('released_at is null'))
    op.drop_table('share_claim')
    op.drop_table('share_pool')
    op.drop_index('ix_assessment_result_unit', table_name='assessment_result')
    op.drop_table('assessment_result')
    op.drop_index('ix_holding_valid', table_name='holding', postgresql_where=sa.text('ended_at is null'))
    op.drop_index('ix_holding_person', table_name='holding')
    op.drop_table('holding')
    op.drop_index('ix_place_claim_quota', table_name='place_claim', postgresql_where=sa.text('released_at is null'))
    op.drop_index('ix_place_claim_live', table_name='place_claim', postgresql_where=sa.text('released_at is null'))
    op.drop_table('place_claim')
    op.drop_table('history_payload')
    op.drop_index('ix_timer_due', table_name='timer', postgresql_where=sa.text('due_at is not null and parked_at is null'))
    op.drop_index('ix_timer_case', table_name='timer')
    op.drop_table('timer')
    op.drop_index('ix_task_kind', table_name='task', postgresql_where=sa.text("state = 'open'"))
    op.drop_index('ix_task_inbox', table_name='task', postgresql_where=sa.text("state = 'open'"))
    op.drop_index('ix_task_done', table_name='task', postgresql_where=sa.text('completed_for is not null'))
    op.drop_index('ix_task_pending', table_name='task', postgresql_where=sa.text('pending_since is not null'))
    op.drop_index('ix_task_case', table_name='task')
    op.drop_table('task')
    op.drop_table('post_quota')
    op.drop_index('ix_notice_organisation', table_name='notice')
    op.drop_index('ix_notice_case', table_name='notice')
    op.drop_table('notice')
    op.drop_index('ix_message_wait_name', table_name='message_wait')
    op.drop_table('message_wait')
    op.drop_index('ix_message_waiting', table_name='message', postgresql_where=sa.text('delivered_at is null and failed_at is null'))
    op.drop_index(op.f('ix_message_from_case_id'), table_name='message')
    op.drop_table('message')
    op.drop_index('ix_incident_open', table_name='incident', postgresql_where=sa.text('closed_at is null'))
    op.drop_table('incident')
    op.drop_index('ix_history_recorded_at', table_name='history', postgresql_using='brin')
    op.drop_index('ix_history_fired', table_name='history', postgresql_where=sa.text("call = 'fire'"))
    op.drop_table('history')
    op.drop_index(op.f('ix_attachment_organisation_id'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_digest'), table_name='attachment')
    op.drop_index(op.f('ix_attachment_case_id'), table_name='attachment')
    op.drop_table('attachment')
    op.drop_table('deployment_file')
    op.drop_index('ix_entered_id_number_case', table_name='entered_id_number')
    op.drop_table('entered_id_number')
    op.drop_index('ix_reconciliation_day', table_name='reconciliation')
    op.drop_table('reconciliation')
    op.drop_index('ix_payment_callback_verdict', table_name='payment_callback')
    op.drop_table('payment_callback')
    op.drop_index('ix_payment_state', table_name='payment')
    op.drop_index('ix_payment_receipt', table_name='payment', postgresql_where=sa.text('receipt is not null'))
    op.drop_index('ix_payment_order', table_name='payment')
    op.drop_index('ix_payment_live', table_name='payment', postgresql_where=sa.text("state in ('due', 'paid')"))
    op.drop_index('ix_payment_day', table_name='payment')
    op.drop_table('payment')
    op.drop_index(op.f('ix_certificate_copy_certificate_id'), table_name='certificate_copy')
    op.drop_table('certificate_copy')
    op.drop_index('ix_certificate_valid', table_name='certificate', postgresql_where=sa.text("state = 'valid'"))
    op.drop_index('ix_certificate_person', table_name='certificate')
    op.drop_index('ix_certificate_number', table_name='certificate')
    op.drop_table('certificate')
    op.drop_index('ix_bar_person', table_name='bar', postgresql_where='lifted_at is null')
    op.drop_index('ix_bar_case', table_name='bar')
    op.drop_table('bar')
    op.drop_index('ix_case_unit', table_name='case')
    op.drop_index('ix_case_unique_key', table_name='case', postgresql_where=sa.text('ended_at is null and unique_key is not null'))
    op.drop_index('ix_case_scheme', table_name='case')
    op.drop_index('ix_case_phases', table_name='case', postgresql_using='gin', postgresql_ops={'phases': 'jsonb_path_ops'})
    op.drop_index('ix_case_person', table_name='case')
    op.drop_index('ix_case_linked', table_name='case', postgresql_where=sa.text('linked_case_id is not null'))
    op.drop_index(op.f('ix_case_deployment_id'), table_name='case')
    op.drop_table('case')
    op.drop_index(op.f('ix_web_session_account_id'), table_name='web_session')
    op.drop_table('web_session')
    op.drop_table('second_factor')
    op.drop_table('idempotency_key')
    op.drop_table('holiday')
    op.drop_table('deployment')
    op.drop_index('ix_act_subject', table_name='act')
    op.drop_table('act')
    op.drop_index(op.f('ix_account_organisation_id'), table_name='account')
    op.drop_table('account')
    op.drop_index(op.f('ix_subordination_superior_id'), table_name='subordination')
    op.drop_index(op.f('ix_subordination_organisation_id'), table_name='subordination')
    op.drop_table('subordination')
    op.drop_index('ix_person_unit', table_name='person')
    op.drop_table('person')
    op.drop_index(op.f('ix_organisation_name_organisation_id'), table_name='organisation_name')
    op.drop_table('organisation_name')
    op.drop_index(op.f('ix_jurisdiction_office_id'), table_name='jurisdiction')
    op.drop_index('ix_jurisdiction_function', table_name='jurisdiction')
    op.drop_table('jurisdiction')
    op.drop_table('scheme_clock')
    op.drop_table('region')
    op.drop_table('proof_root')
    op.drop_index('ix_organisation_name_key', table_name='organisation')
    op.drop_index('ix_organisation_code', table_name='organisation', postgresql_where='code is not null')
    op.drop_table('organisation')
    op.drop_index('ix_registration_attempt_key', table_name='registration_attempt')
    op.drop_table('registration_attempt')
    op.drop_index('ix_login_attempt_address', table_name='login_attempt')
    op.drop_table('login_attempt')
    op.drop_table('database_mark')
