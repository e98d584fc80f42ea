//! Identifiers of the operational database, one type each, so that a crate is never taken for a check-out.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// `user_company.id`.
    CompanyId;
    /// `storage_coolingunit.id`.
    CoolingUnitId;
    /// `storage_crate.id`.
    CrateId;
    /// `storage_cratepartialcheckout.id`.
    ReleaseId;
    /// `operation_checkin.id`.
    CheckInId;
    /// `operation_checkout.id`.
    CheckOutId;
    /// `operation_movement.id`.
    MovementId;
    /// `operation_marketsurvey.id`.
    MarketSurveyId;
    /// `storage_crop.id`.
    CropId;
    /// `user_user.id`.
    UserId;
    /// `user_farmer.id`.
    FarmerId;
    /// `user_farmersurvey.id`.
    FarmerSurveyId;
    /// `user_farmersurveycommodity.id`.
    BaselineLineId;
}
