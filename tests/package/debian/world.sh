# shellcheck shell=bash
# The world around what is walked through: a simulated Azure on loopback, and an environment that leads there. Read, not run.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
# Machines that run and are off at whatever hour, rather than people who come and go.
/opt/sandbox sandbox --listen 127.0.0.1:8089 --population scale --workspaces 2 --instances 10 >/log/sandbox 2>&1 &
for ((n = 0; n < 300; n++)); do
    curl --silent --output /dev/null http://127.0.0.1:8089/ && break
    sleep 0.1
done
SANDBOX_SUBSCRIPTION=$(sed -n 's/^# subscription: *//p' /log/sandbox | head -n 1)
[[ -n $SANDBOX_SUBSCRIPTION ]]
export SANDBOX_SUBSCRIPTION
export IDENTITY_ENDPOINT=http://127.0.0.1:8089/msi/token IDENTITY_HEADER=sandbox-identity-header
export LIGHTSOUT_AZURE_CLOUD=custom LIGHTSOUT_AZURE_ARM_ENDPOINT=http://127.0.0.1:8089
export LIGHTSOUT_AZURE_TOKEN_SCOPE=http://127.0.0.1:8089/.default LIGHTSOUT_PRICES_RETAIL_ENDPOINT=http://127.0.0.1:8089
export LIGHTSOUT_SWEEP_INTERVAL=5s
