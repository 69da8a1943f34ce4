"""The configuration of a lab's Postfix: one domain, delivered to Dovecot (or Cyrus); nothing ever leaves the machine."""
import os
import time

MAIN = """
compatibility_level = 3.6
config_directory = {config}
queue_directory = {queue}
data_directory = {data}
mail_owner = {owner}
setgid_group = {group}
myhostname = mail.{domain}
mydomain = {domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtputf8_enable = yes
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{users}
virtual_transport = lmtp:unix:{lmtp}
# One after the other, or the order of arrival would be Postfix's mood.
# What Dovecot takes lies in the mailbox.
lmtp_assume_final = yes
lmtp_destination_concurrency_limit = 1
lmtp_initial_destination_concurrency = 1
initial_destination_concurrency = 1
default_transport = error:5.1.2 nothing leaves the lab
relay_transport = error:5.1.2 nothing leaves the lab
maillog_file = {log}
maillog_file_prefixes = {base}
message_size_limit = {size}
in_flow_delay = 0
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 30s
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = {tls_only}
tls_random_source = dev:/dev/urandom
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
smtpd_peername_lookup = no
disable_dns_lookups = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = {policy}permit
"""

MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_security_level={submission_tls}
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

# Queue folders and who owns them: (name, mode, by the mail owner, by the drop group).
QUEUE = [("active", 0o700, True, False), ("bounce", 0o700, True, False), ("corrupt", 0o700, True, False),
         ("defer", 0o700, True, False), ("deferred", 0o700, True, False), ("flush", 0o700, True, False),
         ("hold", 0o700, True, False), ("incoming", 0o700, True, False), ("maildrop", 0o730, True, True),
         ("pid", 0o755, False, False), ("private", 0o700, True, False), ("public", 0o710, True, True),
         ("saved", 0o700, True, False), ("trace", 0o700, True, False)]


def configure(lab, directory, dovecot, lmtp, ports, accounts, users):
    """Writes the configuration below directory; dovecot is the folder of who checks passwords, lmtp the socket of who takes
    the mail. Returns the server's description for the keeper."""
    config, queue, data = (os.path.join(directory, name) for name in ("etc", "queue", "data"))
    for path in (config, queue, data):
        os.makedirs(path)
    maps = os.path.join(config, "users")
    with open(maps, "w", encoding="utf-8") as file:
        file.writelines(f"{user} here\n" for user in users)
    policy = f"check_policy_service inet:127.0.0.1:{lab.policy.port}, " if lab.policy else ""
    with open(os.path.join(config, "main.cf"), "w", encoding="utf-8") as file:
        file.write(MAIN.format(
            config=config, queue=queue, data=data, base=directory, owner=accounts["postfix"],
            group=accounts["postdrop"], domain=lab.domain, users=maps, lmtp=lmtp,
            log=os.path.join(directory, "log"), certificate=lab.certificate[0], key=lab.certificate[1],
            tls_only="no" if lab.cleartext else "yes", auth=os.path.join(dovecot, "auth"), policy=policy,
            size=lab.message_size))
    with open(os.path.join(config, "master.cf"), "w", encoding="utf-8") as file:
        file.write(MASTER.format(smtp=ports["smtp"], submission=ports["submission"], smtps=ports["smtps"],
                                 submission_tls="may" if lab.cleartext else "encrypt"))
    # Postfix waits until its configuration is two seconds old before it believes it.
    for name in ("main.cf", "master.cf"):
        os.utime(os.path.join(config, name), (time.time() - 60, time.time() - 60))
    owned = [[data, accounts["postfix_uid"], accounts["postfix_gid"]]]
    for name, mode, owner, group in QUEUE:
        path = os.path.join(queue, name)
        os.mkdir(path)
        os.chmod(path, mode)
        owned.append([path, accounts["postfix_uid"] if owner else 0, accounts["postdrop_gid"] if group else 0])
    return {
        "argv": ["/usr/lib/postfix/sbin/master", "-d", "-c", config],
        "owned": owned,
        "root_owned": [config, os.path.join(config, "main.cf"), os.path.join(config, "master.cf"), queue],
        "ports": [ports["smtp"], ports["submission"], ports["smtps"]],
        "log": os.path.join(directory, "log"),
    }
