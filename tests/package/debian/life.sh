# shellcheck shell=bash
# The life of the package: installed from outside already, then run, changed, upgraded, removed, installed again and purged.
cd /root || exit
config=/etc/lightsout/lightsout.toml
say() { printf '== %s\n' "$*"; }
expect() { # expect WORDS COMMAND…
    local words=$1 out
    shift
    out=$("$@" 2>&1) || { printf '%s\n%s failed\n' "$out" "$*" && exit 1; }
    grep -q -F -- "$words" <<<"$out" || { printf '%s\n%s does not say: %s\n' "$out" "$*" "$words" && exit 1; }
}

ready() { curl --silent --show-error --fail --output /dev/null --retry 60 --retry-delay 1 --retry-all-errors http://127.0.0.1:9188/readyz; }

say installed
[[ $(stat -c '%a %U %G' /var/lib/lightsout) == "700 lightsout lightsout" ]]
[[ $(getent passwd lightsout) == *:/var/lib/lightsout:/usr/sbin/nologin ]]
[[ ! -e /etc/systemd/system/multi-user.target.wants/lightsout.service ]]
expect "0.1.0" lightsout --version
dpkg --verify lightsout
# shellcheck disable=SC1091
bash -c '. /usr/share/bash-completion/completions/lightsout && complete -p lightsout' >/dev/null
zcat /usr/share/man/man1/lightsout.1.gz | grep -q '^.TH LIGHTSOUT 1'

say "run by hand, as the service would"
sed -i "s|^# (example) subscriptions = .*|subscriptions = [\"$SANDBOX_SUBSCRIPTION\"]|" "$config"
expect "0 error(s), 0 warning(s), 1 valid policies" lightsout check --config "$config"
# Some workspaces of the simulated Azure may be read late; the sweep's account counts.
runuser -u lightsout -- lightsout sweep --config "$config" --json >/log/sweep
grep -q '"mode": *"observe"' /log/sweep

say "run as a service"
systemctl enable --now lightsout
ready
expect 'lightsout_build_info{version="0.1.0"' curl --silent http://127.0.0.1:9188/metrics
expect "lightsout 0.1.0" cat /log/lightsout.service
first=$(cat /run/units/lightsout.service)

say upgraded
# Both sides changed it: without the word dpkg asks, and here nobody answers.
if dpkg --install /opt/next.deb </dev/null >/log/asked 2>&1; then
    echo "dpkg did not ask: the next package's settings are those of the last" && exit 1
fi
grep -q "conffile" /log/asked
dpkg --force-confold --install /opt/next.deb
expect 0.1.1 dpkg-query --list lightsout
grep -q "^subscriptions = " "$config"
grep -q "next release" "$config.dpkg-dist"
grep -q "next release" /etc/lightsout/policies/first.toml
[[ $(cat /run/units/lightsout.service) != "$first" ]]
grep -q 'systemctl.*try-restart lightsout.service' /log/systemctl
ready
expect "the ledger is whole" lightsout ledger verify --config "$config"

say removed
echo '# calls lightsout' >/etc/cron.d/lightsout
expect "still calls the program that is gone" dpkg --remove lightsout
rm /etc/cron.d/lightsout
[[ ! -e /usr/bin/lightsout && -s $config && -s /var/lib/lightsout/lightsout.db ]]
[[ ! -e /run/units/lightsout.service ]]

say "installed again, on the same journal"
dpkg --install /opt/next.deb >/log/again
expect "the ledger is whole" lightsout ledger verify --config "$config"

say purged
echo secret >/etc/lightsout/client-secret
dpkg --purge lightsout >/log/purge 2>&1
cat /log/purge
grep -q "deleted: the journal with its ledger" /log/purge
grep -q "left, since it is not the package's" /log/purge
grep -q "/etc/lightsout/client-secret" /log/purge
[[ -s /etc/lightsout/client-secret && ! -e $config && ! -e /var/lib/lightsout ]]
if getent passwd lightsout || getent group lightsout; then
    echo "the user or the group is left" && exit 1
fi
rm -r /etc/lightsout
left=$(find / -xdev -name '*lightsout*' -not -path '/proc/*' -not -path '/log/*' -not -path '/run/units*' -not -path '/tmp/*')
[[ -z $left ]] || { printf 'left behind:\n%s\n' "$left" && exit 1; }
say "all of it"
