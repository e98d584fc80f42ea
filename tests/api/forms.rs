//! The slices in the predecessor's form: its columns in its order, integers without and floats with a point.

use super::client::Request;
use super::{Api, rows};
use crate::support::TestDb;

const NOVEMBER: &str = "&start_date=2026-11-01&end_date=2026-11-30";

/// The figures of `slices.rs`; what is absent stands as 0 of its kind, and people of the range as numbers of ids.
#[test]
fn cooling_units_stand_column_by_column() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let response = api.send(&Request::form("/coolingunit-slice/", &format!("unit_ids=3, 1{NOVEMBER}")));
    let expected = concat!(
        r#"{"cooling_unit_id":{"0":1,"1":3},"unit_name":{"0":"Room One","1":"0"},"#,
        r#""is_unit_deleted":{"0":0.0,"1":1.0},"state":{"0":"Lagos","1":"0"},"#,
        r#""cool_unit_type":{"0":"MOVABLE_UNIT","1":"0"},"cap_tons":{"0":5.7,"1":0.0},"#,
        r#""cap_num_crates":{"0":150.0,"1":0.0},"company_id":{"0":9,"1":0},"comp_name":{"0":"Cold","1":"0"},"#,
        r#""comp_pricing":{"0":"Per Crate per day","1":"Per KG"},"currency":{"0":"NGN","1":"0"},"#,
        r#""room_op":{"0":3.0,"1":0.0},"room_op_fem":{"0":1.0,"1":0.0},"room_op_ma":{"0":1.0,"1":0.0},"#,
        r#""room_op_ot":{"0":1.0,"1":0.0},"room_beneficiaries":{"0":9.4,"1":0.0},"#,
        r#""room_beneficiaries_fem":{"0":4.653,"1":0.0},"room_beneficiaries_ma":{"0":4.747,"1":0.0},"#,
        r#""room_active_user_ids":{"0":[10,11,12],"1":[]},"room_active_users":{"0":3,"1":0},"#,
        r#""room_active_fem":{"0":1,"1":0},"room_active_ma":{"0":1,"1":0},"room_active_ot":{"0":1,"1":0},"#,
        r#""room_crates_in":{"0":11,"1":0},"room_ops_in":{"0":3,"1":0},"room_kg_in":{"0":219.75,"1":0.0},"#,
        r#""room_crates_out":{"0":4,"1":0},"room_ops_out":{"0":1,"1":0},"room_kg_out":{"0":80.0,"1":0.0},"#,
        r#""average_room_occupancy":{"0":30.0,"1":0.0},"room_revenue":{"0":0.3,"1":0.0},"#,
        r#""room_revenue_usd":{"0":0.0003,"1":0.0},"#,
        r#""check_in_crates_crop":{"0":{"Tomato":10.0,"Apple":1.0},"1":{}},"#,
        r#""check_in_kg_crop":{"0":{"Tomato":205.75,"Apple":14.0},"1":{}},"#,
        r#""check_out_crates_crop":{"0":{"Okra":4.0},"1":{}},"check_out_kg_crop":{"0":{"Okra":80.0},"1":{}},"#,
        r#""tot_co2":{"0":1.75,"1":0.0},"co2_crops":{"0":{"Tomato":2.25,"Apple":-0.5},"1":{}}}"#,
    );
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
    assert_eq!(response.text(), expected);
}

#[test]
fn a_company_stands_column_by_column() {
    let db = TestDb::new();
    rows::two_companies(&db);
    let api = Api::start(&db);

    let expected = concat!(
        r#"{"report_date":{"0":"2026-11-04"},"company_id":{"0":9},"comp_name":{"0":"Cold \"K\""},"#,
        r#""comp_logo":{"0":"c9.png"},"comp_country":{"0":"NG"},"comp_cap_tons":{"0":20.0},"#,
        r#""comp_cap_num_crates":{"0":330},"#,
        r#""cooling_unit_types":{"0":{"MOVABLE_UNIT":1,"FARM_GATE_STORAGE_ROOM":2}},"#,
        r#""comp_op":{"0":2},"comp_op_fem":{"0":1},"comp_op_ma":{"0":1},"comp_op_ot":{"0":0},"currency":{"0":"NGN"},"#,
        r#""comp_reg_users":{"0":4},"comp_reg_users_ma":{"0":1},"comp_reg_users_fem":{"0":1},"#,
        r#""comp_reg_users_ot":{"0":2},"comp_beneficiaries":{"0":122.2},"comp_beneficiaries_fem":{"0":60.489},"#,
        r#""comp_beneficiaries_ma":{"0":61.711},"comp_cool_users":{"0":26},"comp_cool_users_fem":{"0":8},"#,
        r#""comp_cool_users_ma":{"0":11},"comp_cool_users_ot":{"0":7},"comp_farmers":{"0":11},"#,
        r#""comp_traders":{"0":2},"comp_unspec_user_type":{"0":13},"comp_crates_in":{"0":2045},"#,
        r#""comp_ops_in":{"0":455},"comp_kg_in":{"0":42776.5},"comp_crates_out":{"0":1759},"#,
        r#""comp_ops_out":{"0":429},"comp_kg_out":{"0":36779.0},"comp_average_room_occupancy":{"0":23.4},"#,
        r#""comp_revenue":{"0":1302068.2},"comp_revenue_usd":{"0":846.34}}"#,
    );
    for path in ["/company-slice", "/company-slice/"] {
        let response = api.send(&Request::form(path, "company_id=9&submit=Submit"));
        assert_eq!((response.status, response.text()), (200, expected), "{path}");
    }

    let absent = api.send(&Request::form("/company-slice/", "company_id=10")).text().to_owned();
    for cell in [
        r#""comp_name":{"0":"0"}"#,
        r#""comp_cap_tons":{"0":0.0}"#,
        r#""comp_cap_num_crates":{"0":0}"#,
        r#""cooling_unit_types":{"0":{}}"#,
        r#""currency":{"0":"0"}"#,
        r#""comp_average_room_occupancy":{"0":0.0}"#,
        r#""comp_revenue":{"0":0.0}"#,
    ] {
        assert!(absent.contains(cell), "{cell} in {absent}");
    }
}

#[test]
fn without_rows_every_column_is_zero() {
    let db = TestDb::new();
    rows::two_units(&db);
    rows::two_companies(&db);
    let api = Api::start(&db);

    for (path, known, unknown) in [
        ("/company-slice/", "company_id=9", "company_id=77"),
        ("/coolingunit-slice", &format!("unit_ids=1{NOVEMBER}") as &str, &format!("unit_ids=77{NOVEMBER}") as &str),
    ] {
        // As text: a parsed object forgets the order.
        let columns = |text: &str| -> Vec<String> {
            let names = text.trim_matches(['{', '}']).split(":0").map(|name| name.trim_matches([',', '"']).to_owned());
            names.filter(|name| !name.is_empty()).collect()
        };
        let zeros = api.send(&Request::form(path, unknown));
        assert_eq!(zeros.status, 200);
        let names = columns(zeros.text());
        let expected: Vec<_> = names.iter().map(|name| format!("\"{name}\":0")).collect();
        assert_eq!(zeros.text(), format!("{{{}}}", expected.join(",")));

        let body = api.send(&Request::form(path, known)).text().to_owned();
        let mut at = 0;
        for name in &names {
            at += body[at..].find(&format!("\"{name}\":{{")).unwrap_or_else(|| panic!("{name} in order in {body}"));
        }
        assert_eq!(names.len(), if path.starts_with("/company") { 36 } else { 38 });
    }
}

#[test]
fn a_multipart_form_says_the_same() {
    let db = TestDb::new();
    rows::two_units(&db);
    let api = Api::start(&db);

    let part = |name: &str, value: &str| {
        format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [part("unit_ids", "1,3"), part("start_date", "2026-11-01"), part("end_date", "2026-11-30")].concat();
    let multipart = Request::new("POST", "/coolingunit-slice/")
        .header("content-type", "multipart/form-data; boundary=\"b0undary\"")
        .body(format!("{body}--b0undary--\r\n"));
    let response = api.send(&multipart);
    assert_eq!(response.status, 200, "{}", response.text());
    let urlencoded = api.send(&Request::form("/coolingunit-slice/", &format!("unit_ids=1%2C3{NOVEMBER}")));
    assert_eq!(response.text(), urlencoded.text());
}
