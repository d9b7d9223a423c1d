//! Details of instances as Azure's examples and recorded answers have them, and of what nobody should send.

use serde_json::json;

use super::*;

#[test]
fn azures_example_is_read_whole() {
    let answer = json!({
        "identity": {"type": "SystemAssigned,UserAssigned", "principalId": "p", "userAssignedIdentities": {"/i/one": {"clientId": "c"}}},
        "properties": {
            "description": "some compute", "modifiedOn": "2021-04-01T22:00:00.0000000+00:00", "provisioningState": "Succeeded",
            "provisioningErrors": [{"error": {"code": "BadRequest", "message": "The key is in use"}}],
            "properties": {
                "subnet": {"id": "test-subnet-resource-id"}, "applicationSharingPolicy": "Shared",
                "sshSettings": {"sshPublicAccess": "Enabled", "adminUserName": "azureuser", "sshPort": 4001, "adminPublicKey": "k"},
                "osImageMetadata": {"currentImageVersion": "22.06.14", "latestImageVersion": "22.07.22", "isLatestOsImageVersion": false},
                "personalComputeInstanceSettings": {"assignedUser": {"objectId": "o", "tenantId": "t"}},
                "connectivityEndpoints": {"publicIpAddress": "10.0.0.1", "privateIpAddress": null},
                "enableNodePublicIp": true,
                "applications": [{"displayName": "Jupyter", "endpointUri": "https://compute123.eastus2.azureml.net/jupyter"}, {}],
                "dataDisks": [{"caching": "None", "diskSizeGB": 64, "lun": 0, "storageAccountType": "Premium_LRS"}],
                "setupScripts": {"scripts": {
                    "creationScript": {"scriptSource": "inline", "scriptData": "c2VjcmV0", "scriptArguments": "--token x", "timeout": "10m"},
                    "startupScript": {"scriptSource": "workspaceStorage", "scriptData": "Users/a/s.sh"}}},
                "errors": [{"code": "SetupFailed", "message": "the creation script ended with 1"}]
            }
        }
    });
    let read = details(&answer, Scripts::Named);
    let ssh = SshDetails { enabled: Some(true), user: Some("azureuser".to_owned()), port: Some(4001) };
    assert_eq!((&read.ssh, read.public_address.as_deref(), &read.private_address), (&ssh, Some("10.0.0.1"), &None));
    assert_eq!(read.applications.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Jupyter", "(unnamed)"]);
    assert_eq!((read.disks[0].gigabytes, read.image.is_latest), (Some(64), Some(false)));
    assert_eq!(read.identity.assigned, ["/i/one"]);
    assert_eq!(read.errors.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["BadRequest", "SetupFailed"]);
    assert!(read.modified.is_some() && read.assigned_tenant.as_deref() == Some("t"));
    let creation = read.creation.unwrap();
    assert_eq!((creation.text, creation.arguments), (None, None), "what is in it is nobody's business");
    assert_eq!(read.startup.unwrap().text.as_deref(), Some("Users/a/s.sh"), "where it lies is said");
    let whole = details(&answer, Scripts::Whole).creation.unwrap();
    assert_eq!((whole.text.as_deref(), whole.arguments.as_deref()), (Some("c2VjcmV0"), Some("--token x")));
}

#[test]
fn nulls_gaps_and_strange_types_are_nothing_and_not_an_error() {
    let strange = json!({"identity": 7, "properties": {"provisioningErrors": "none", "modifiedOn": "yesterday", "properties": {
        "sshSettings": {"sshPort": "22", "sshPublicAccess": null}, "applications": null, "dataDisks": [{"diskSizeGB": -1}],
        "connectivityEndpoints": null, "errors": null, "setupScripts": null, "enableNodePublicIp": "yes", "new": {"a": 1}}}});
    let read = details(&strange, Scripts::Whole);
    assert_eq!(read.disks, [DataDisk { gigabytes: None, kind: None }]);
    assert_eq!(InstanceDetails { disks: Vec::new(), ..read }, InstanceDetails::default());
    assert_eq!(details(&json!(null), Scripts::Whole), InstanceDetails::default());
    let hostile = json!({"properties": {"description": "a\u{1b}[31mb\u{202e}"}});
    assert!(!details(&hostile, Scripts::Named).description.unwrap().contains(['\u{1b}', '\u{202e}']));
}
